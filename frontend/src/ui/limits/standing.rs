//! How limits stand: a bar for each, with what is used, held and left, and when it begins anew.

use causeway_domain::window::WindowKind;
use causeway_openapi::{Amount, LimitState, LimitUnit, LimitsInUse};
use leptos::prelude::*;

use super::words::window;
use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, use_i18n},
        query::Query,
        zone,
    },
    ui::{
        loaded::{ListSkeleton, Loaded},
        usage::UsageBar,
    },
};

/// Shows what a query of limits in use answers, with a word where it is not live.
#[component]
pub(crate) fn Standing(query: Query<LimitsInUse>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Loaded query skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:standing>
            {
                let LimitsInUse { live, time_zone, limits, .. } = standing;
                if limits.is_empty() {
                    view! { <p class="text-sm text-base-content/70">{t!(i18n, limits.none)}</p> }.into_any()
                } else {
                    view! {
                        <States limits time_zone=time_zone/>
                        {(!live).then(|| view! {
                            <p class="mt-3 text-xs text-base-content/70" data-testid="not-live">{t!(i18n, limits.not_live)}</p>
                        })}
                    }
                    .into_any()
                }
            }
        </Loaded>
    }
}

/// The limits as bars.
#[component]
pub(crate) fn States(limits: Vec<LimitState>, time_zone: String) -> impl IntoView {
    let zone = StoredValue::new(time_zone);
    view! {
        <ul class="grid gap-x-8 gap-y-4 sm:grid-cols-2" data-testid="limit-states">
            {limits.into_iter().map(|limit| view! { <Row limit zone/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Row(limit: LimitState, zone: StoredValue<String>) -> impl IntoView {
    let i18n = use_i18n();
    let LimitState { unit, window, resets_at, .. } = limit;
    let percent = percent(&limit);
    let name = Signal::derive(move || label(unit, window, i18n.get_locale()));
    let figures = {
        let (used, all) = (shown(limit.used), shown(limit.limit));
        Signal::derive(move || t_string!(i18n, limits.used_of, used = used.clone(), limit = all.clone()))
    };
    let (left, held) = (shown(limit.remaining), shown(limit.reserved));
    let has_held = number(limit.reserved) > 0;
    let rest = move || {
        let mut parts = vec![t_string!(i18n, limits.left, amount = left.clone())];
        if has_held {
            parts.push(t_string!(i18n, limits.held, amount = held.clone()));
        }
        parts.push(match (resets_at, window) {
            (Some(at), _) => {
                let moment = zone.with_value(|zone| zone::moment(at, zone, i18n.get_locale()));
                t_string!(i18n, limits.resets, moment = moment)
            }
            (None, Some(WindowKind::FiveHours)) => t_string!(i18n, limits.begins_with_use).to_owned(),
            (None, Some(_)) => t_string!(i18n, limits.never_resets).to_owned(),
            (None, None) => return parts.join(" · "),
        });
        parts.join(" · ")
    };
    view! {
        <li data-testid="limit-state" data-unit=format!("{unit:?}")>
            <UsageBar percent label=name figures/>
            <p
                class="mt-1 text-xs text-base-content/70"
                title=resets_at.map(format::moment_exact)
            >
                {rest}
            </p>
        </li>
    }
}

/// Nano-dollars, or the count.
fn number(amount: Amount) -> i64 {
    match amount {
        Amount::Dollars(n) => n.0,
        Amount::Count(n) => i64::try_from(n).unwrap_or(i64::MAX),
    }
}

/// An amount as people read it.
pub(crate) fn shown(amount: Amount) -> String {
    match amount {
        Amount::Dollars(n) => format::dollars(n),
        Amount::Count(n) => format::grouped(n),
    }
}

/// What is held counts: a new request finds no more than the rest.
pub(crate) fn percent(limit: &LimitState) -> u8 {
    format::percent(number(limit.used).saturating_add(number(limit.reserved)), number(limit.limit))
}

/// The name of a limit.
pub(crate) fn label(unit: LimitUnit, kind: Option<WindowKind>, locale: Locale) -> String {
    let unit = match unit {
        LimitUnit::Usd => td_string!(locale, limits.usd),
        LimitUnit::Tokens => td_string!(locale, limits.tokens),
        LimitUnit::Requests => td_string!(locale, limits.requests),
        LimitUnit::RequestsPerMinute => td_string!(locale, limits.rpm),
        LimitUnit::TokensPerMinute => td_string!(locale, limits.tpm),
        LimitUnit::Concurrency => td_string!(locale, limits.concurrency),
    };
    match kind {
        Some(kind) => format!("{unit}, {}", window(kind, locale)),
        None => unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::LimitScope;

    fn state(unit: LimitUnit, amounts: [Amount; 4]) -> LimitState {
        let [limit, used, reserved, remaining] = amounts;
        let (scope, window) = (LimitScope::Key, Some(WindowKind::Day));
        LimitState { scope, unit, window, limit, used, reserved, remaining, resets_at: None }
    }

    #[test]
    fn dollars_and_counts_are_read_and_shown_in_their_own_way() {
        let read = |text: &str| serde_json::from_str::<Amount>(text).unwrap();
        let usd = [r#""5.00""#, r#""1.20""#, r#""0.10""#, r#""3.70""#].map(read);
        assert_eq!((percent(&state(LimitUnit::Usd, usd)), shown(usd[3]).as_str()), (26, "$3.70"));
        let tokens = ["1000000", "2500", "0", "997500"].map(read);
        assert_eq!((percent(&state(LimitUnit::Tokens, tokens)), shown(tokens[3]).as_str()), (0, "997,500"));
    }

    #[test]
    fn a_limit_that_was_lowered_below_its_use_is_full() {
        let amounts = [1, 9, 0, 0].map(Amount::Count);
        assert_eq!(percent(&state(LimitUnit::Requests, amounts)), 100);
    }

    #[test]
    fn a_limit_is_named_by_its_unit_and_its_window() {
        assert_eq!(label(LimitUnit::Usd, Some(WindowKind::Day), Locale::en), "Dollars, Day");
        assert_eq!(label(LimitUnit::Concurrency, None, Locale::en), "Requests at once");
    }
}
