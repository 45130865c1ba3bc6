//! Limits in a line of words, for lists.

use causeway_domain::{Limits, window::WindowKind};
use leptos::prelude::*;

use crate::core::{
    format,
    i18n::{Locale, t, td_string, use_i18n},
};

/// All limits in one line, or that there are none.
#[component]
pub(crate) fn Words(limits: Limits) -> impl IntoView {
    let i18n = use_i18n();
    if limits.is_empty() {
        return view! { <span class="text-xs text-base-content/70">{t!(i18n, limits.none)}</span> }
            .into_any();
    }
    view! { <span class="text-xs text-base-content/70">{move || words(&limits, &[], i18n.get_locale())}</span> }.into_any()
}

/// The name of a window.
pub(crate) fn window(kind: WindowKind, locale: Locale) -> &'static str {
    match kind {
        WindowKind::FiveHours => td_string!(locale, limits.five_hours),
        WindowKind::Day => td_string!(locale, limits.day),
        WindowKind::Week => td_string!(locale, limits.week),
        WindowKind::Month => td_string!(locale, limits.month),
        WindowKind::Total => td_string!(locale, limits.total),
    }
}

/// Limits in one line, but for the dollars and tokens of the windows that are shown elsewhere.
pub(crate) fn words(limits: &Limits, elsewhere: &[WindowKind], locale: Locale) -> String {
    let mut words = Vec::new();
    for kind in WindowKind::ALL {
        let named = |amount: String| format!("{}: {amount}", window(kind, locale));
        if !elsewhere.contains(&kind) {
            words.extend(limits.usd.get(kind).map(|amount| named(format::dollars(amount))));
            let tokens = |n| td_string!(locale, limits.tokens_short, n = format::compact(n));
            words.extend(limits.tokens.get(kind).map(|n| named(tokens(n))));
        }
        let requests = |n| td_string!(locale, limits.requests_short, n = format::compact(n));
        words.extend(limits.requests.get(kind).map(|n| named(requests(n))));
    }
    if let Some(n) = limits.requests_per_minute {
        words.push(td_string!(locale, limits.rpm_short, n = format::grouped(u64::from(n))));
    }
    if let Some(n) = limits.tokens_per_minute {
        words.push(td_string!(locale, limits.tpm_short, n = format::compact(n)));
    }
    if let Some(n) = limits.concurrency {
        words.push(td_string!(locale, limits.concurrency_short, n = n));
    }
    if let Some(queue) = limits.queue {
        words.push(td_string!(locale, limits.queue_short, n = queue.length, seconds = queue.wait_seconds));
    }
    words.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::{
        Nanos,
        limits::{Queue, Windows},
    };

    #[test]
    fn every_limit_is_in_the_line_but_for_what_is_shown_elsewhere() {
        let limits = Limits {
            requests_per_minute: Some(60),
            concurrency: Some(2),
            queue: Some(Queue { length: 7, wait_seconds: 30 }),
            usd: Windows {
                day: Some(Nanos(5_000_000_000)),
                month: Some(Nanos(90_000_000_000)),
                ..Windows::default()
            },
            requests: Windows { day: Some(1500), ..Windows::default() },
            ..Limits::default()
        };
        let said = words(&limits, &[WindowKind::Day, WindowKind::Total], Locale::en);
        assert!(said.contains("60") && said.contains("$90.00") && said.contains("1.5K"), "{said}");
        assert!(said.contains('7') && said.contains("30"), "the queue: {said}");
        assert!(!said.contains("$5.00"), "the day has a bar: {said}");
        assert!(words(&limits, &[], Locale::zh).contains("$5.00"));
    }
}
