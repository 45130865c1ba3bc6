//! Who and what the dollars went to: by model, by key, by upstream account.

use causeway_openapi::UsageRow;
use leptos::prelude::*;

use super::data::Usage;
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        bars::{BarList, Part},
        page::Card,
    },
};

/// Longer lists end in "and so many more".
const SHOWN: usize = 6;

/// Three cards of bars.
#[component]
pub(super) fn Shares(usage: Usage) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="grid items-start gap-4 sm:gap-6 lg:grid-cols-2">
            <Share title=text!(i18n, dashboard.per_model) rows=usage.models testid="per-model"/>
            <div class="flex min-w-0 flex-col gap-4 sm:gap-6">
                <Share title=text!(i18n, dashboard.per_key) rows=usage.keys testid="per-key"/>
                <Share title=text!(i18n, dashboard.per_account) rows=usage.accounts testid="per-account"/>
            </div>
        </div>
    }
}

#[component]
fn Share(#[prop(into)] title: Signal<String>, rows: Vec<UsageRow>, testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    let rest = rows.len().saturating_sub(SHOWN);
    let rows = StoredValue::new(rows);
    let parts = move || {
        let part = |row: &UsageRow| Part {
            name: if row.label.is_empty() {
                t_string!(i18n, common.deleted).to_owned()
            } else {
                row.label.clone()
            },
            size: row.figures.cost_usd.0,
            figure: format::dollars(row.figures.cost_usd),
            note: t_string!(i18n, dashboard.share_note, requests = format::compact(row.figures.requests)),
        };
        rows.with_value(|rows| rows.iter().take(SHOWN).map(part).collect::<Vec<_>>())
    };
    view! {
        <Card title>
            <div data-testid=testid>
                {move || match parts() {
                    parts if parts.is_empty() => view! {
                        <p class="py-6 text-center text-sm text-base-content/70">{t!(i18n, dashboard.nothing_in_range)}</p>
                    }
                    .into_any(),
                    parts => view! { <BarList parts/> }.into_any(),
                }}
                {(rest > 0).then(|| view! {
                    <p class="mt-3 px-3 text-xs text-base-content/70">{t!(i18n, common.and_more, count = rest)}</p>
                })}
            </div>
        </Card>
    }
}
