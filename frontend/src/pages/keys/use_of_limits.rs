//! How far a key is into its limits. Only the day and the whole life are counted in the list; other windows are
//! shown as what they allow.

use causeway_domain::window::WindowKind;
use causeway_openapi::Key;
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, use_i18n},
    },
    ui::usage::UsageBar,
};

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
    let others = StoredValue::new(key.limits);
    let words = move || others.with_value(|limits| words(limits, i18n.get_locale()));
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

/// The name of a window.
pub(super) fn window(kind: WindowKind, locale: Locale) -> &'static str {
    match kind {
        WindowKind::FiveHours => td_string!(locale, limits.five_hours),
        WindowKind::Day => td_string!(locale, limits.day),
        WindowKind::Week => td_string!(locale, limits.week),
        WindowKind::Month => td_string!(locale, limits.month),
        WindowKind::Total => td_string!(locale, limits.total),
    }
}

fn budgets(key: &Key) -> Vec<Budget> {
    let usage = &key.usage;
    let dollars = [(WindowKind::Day, usage.cost_usd_today), (WindowKind::Total, usage.cost_usd_total)];
    let tokens = [(WindowKind::Day, usage.tokens_today), (WindowKind::Total, usage.tokens_total)];
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let in_dollars = dollars.into_iter().filter_map(|(kind, used)| {
        let limit = key.limits.usd.get(kind)?;
        Some(Budget {
            kind,
            percent: format::percent(used.0, limit.0),
            used: format::dollars(used),
            limit: format::dollars(limit),
        })
    });
    let in_tokens = tokens.into_iter().filter_map(|(kind, used)| {
        let limit = key.limits.tokens.get(kind)?;
        Some(Budget {
            kind,
            percent: format::percent(signed(used), signed(limit)),
            used: format::compact(used),
            limit: format::compact(limit),
        })
    });
    in_dollars.chain(in_tokens).collect()
}

/// The limits that have no bar, in one line.
fn words(limits: &causeway_domain::Limits, locale: Locale) -> String {
    let mut words = Vec::new();
    if let Some(n) = limits.requests_per_minute {
        words.push(td_string!(locale, limits.rpm_short, n = format::grouped(u64::from(n))));
    }
    if let Some(n) = limits.tokens_per_minute {
        words.push(td_string!(locale, limits.tpm_short, n = format::compact(n)));
    }
    if let Some(n) = limits.concurrency {
        words.push(td_string!(locale, limits.concurrency_short, n = n));
    }
    for kind in [WindowKind::FiveHours, WindowKind::Week, WindowKind::Month] {
        if let Some(amount) = limits.usd.get(kind) {
            words.push(format!("{}: {}", window(kind, locale), format::dollars(amount)));
        }
        if let Some(n) = limits.tokens.get(kind) {
            words.push(format!("{}: {}", window(kind, locale), format::compact(n)));
        }
    }
    words.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::{Limits, Nanos, limits::Windows};

    #[test]
    fn limits_without_a_bar_are_said_in_words() {
        let limits = Limits {
            requests_per_minute: Some(60),
            usd: Windows {
                day: Some(Nanos(5_000_000_000)),
                month: Some(Nanos(90_000_000_000)),
                ..Windows::default()
            },
            ..Limits::default()
        };
        let said = words(&limits, Locale::en);
        assert!(said.contains("60") && said.contains("$90.00"), "{said}");
        assert!(!said.contains("$5.00"), "the day has a bar: {said}");
    }
}
