//! How far a key is into its limits. Only the day and the whole life are counted in the list; other windows are
//! shown as what they allow.

use causeway_domain::window::WindowKind;
use causeway_openapi::Key;
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, t_string, use_i18n},
    },
    ui::{
        limits::{window, words},
        usage::UsageBar,
    },
};

/// The windows whose use the list of keys knows.
const BARS: [WindowKind; 2] = [WindowKind::Day, WindowKind::Total];

/// A budget with what is used of it.
struct Budget {
    kind: WindowKind,
    percent: u8,
    used: String,
    limit: String,
}

/// Bars for the budgets whose use is known, words for the rest.
#[component]
pub(super) fn UseOfLimits(key: Key) -> impl IntoView {
    let i18n = use_i18n();
    let budgets = budgets(&key);
    let others = StoredValue::new(key.effective_limits);
    let words = move || others.with_value(|limits| words(limits, &BARS, i18n.get_locale()));
    let unlimited = Memo::new(move |_| others.with_value(causeway_domain::Limits::is_empty));
    let bar = move |budget: Budget| {
        let Budget { kind, percent, used, limit } = budget;
        let figures = Signal::derive(move || {
            t_string!(i18n, limits.used_of, used = used.clone(), limit = limit.clone())
        });
        view! { <UsageBar percent label=Signal::derive(move || window(kind, i18n.get_locale()).to_owned()) figures/> }
    };
    view! {
        <div class="flex flex-col gap-2 sm:max-w-56">
            {budgets.into_iter().map(bar).collect_view()}
            <p class="text-xs text-base-content/70 empty:hidden">{words}</p>
            <Show when=move || unlimited.get()>
                <span class="text-sm text-base-content/70">{t!(i18n, limits.none)}</span>
            </Show>
        </div>
    }
}

fn budgets(key: &Key) -> Vec<Budget> {
    let usage = &key.usage;
    let dollars = [(WindowKind::Day, usage.cost_usd_today), (WindowKind::Total, usage.cost_usd_total)];
    let tokens = [(WindowKind::Day, usage.tokens_today), (WindowKind::Total, usage.tokens_total)];
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let in_dollars = dollars.into_iter().filter_map(|(kind, used)| {
        let limit = key.effective_limits.usd.get(kind)?;
        Some(Budget {
            kind,
            percent: format::percent(used.0, limit.0),
            used: format::dollars(used),
            limit: format::dollars(limit),
        })
    });
    let in_tokens = tokens.into_iter().filter_map(|(kind, used)| {
        let limit = key.effective_limits.tokens.get(kind)?;
        Some(Budget {
            kind,
            percent: format::percent(signed(used), signed(limit)),
            used: format::compact(used),
            limit: format::compact(limit),
        })
    });
    in_dollars.chain(in_tokens).collect()
}
