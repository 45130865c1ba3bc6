//! What the operator of the installation allows the organisation, and what it charges. To read only.

use causeway_domain::Multiplier;
use causeway_openapi::{Organization, PlanUse};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{limits::Words, page::Card, usage::UsageBar},
};

/// The card.
#[component]
pub(super) fn PlanCard(org: Organization) -> impl IntoView {
    let i18n = use_i18n();
    let PlanUse { members, keys, accounts } = org.plan_in_use;
    let counts = [
        (text!(i18n, settings.plan_members), members, org.plan.members),
        (text!(i18n, settings.plan_keys), keys, org.plan.keys),
        (text!(i18n, settings.plan_accounts), accounts, org.plan.accounts),
    ];
    let count = move |(label, has, allowed): (Signal<String>, u64, Option<u32>)| match allowed {
        Some(allowed) => {
            let percent = format::percent(i64::try_from(has).unwrap_or(i64::MAX), i64::from(allowed));
            // None at all is as full as it gets.
            let percent = if allowed == 0 { 100 } else { percent };
            let figures = Signal::derive(move || {
                let (used, limit) = (format::grouped(has), format::grouped(u64::from(allowed)));
                t_string!(i18n, limits.used_of, used = used, limit = limit)
            });
            view! { <UsageBar percent label figures/> }.into_any()
        }
        None => view! {
            <div class="flex justify-between gap-3 text-xs text-base-content/70">
                <span>{move || label.get()}</span>
                <span class="tabular-nums">{format::grouped(has)} " · " {t!(i18n, common.unlimited)}</span>
            </div>
        }
        .into_any(),
    };
    let multipliers: Vec<_> =
        org.provider_multipliers.into_iter().map(|(provider, m)| format!("{provider} × {m}")).collect();
    let charged = org.multiplier != Multiplier::ONE || !multipliers.is_empty();
    let all: Vec<_> = std::iter::once(format!("× {}", org.multiplier)).chain(multipliers).collect();
    view! {
        <Card title=text!(i18n, settings.plan)>
            <div class="flex flex-col gap-5" data-testid="plan">
                <p class="text-sm text-base-content/70">{t!(i18n, settings.plan_text)}</p>
                <div class="grid gap-x-8 gap-y-4 sm:grid-cols-3">{counts.into_iter().map(count).collect_view()}</div>
                <dl class="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[max-content_1fr]">
                    <dt class="text-base-content/70">{t!(i18n, settings.plan_limits)}</dt>
                    <dd><Words limits=org.plan.limits/></dd>
                    <dt class="text-base-content/70">{t!(i18n, settings.multiplier)}</dt>
                    <dd class="tabular-nums">
                        {if charged {
                            all.join(" · ").into_any()
                        } else {
                            view! { <span class="text-xs text-base-content/70">{t!(i18n, settings.multiplier_one)}</span> }.into_any()
                        }}
                    </dd>
                </dl>
            </div>
        </Card>
    }
}
