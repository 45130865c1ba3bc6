//! Budgets of the organisation that are nearly used up, before requests are refused for them.

use std::time::Duration;

use causeway_domain::{Nanos, window::WindowKind};
use causeway_openapi::{Amount, Balance, LimitState, LimitUnit, Permission};
use leptos::prelude::*;

use super::data::{self, Range};
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{Locale, t, td_string, use_i18n},
        query::Query,
        routes,
        session::use_session,
        zone,
    },
    ui::{badge::Tone, limits, notice::Notice},
};

const REFRESH: Duration = Duration::from_secs(30);

/// Per cent of a budget from which on it is spoken of.
const NEARLY: u8 = 80;

/// The notices.
#[component]
pub(super) fn Budgets() -> impl IntoView {
    let session = use_session();
    let limits = Memo::new(move |_| session.may(Permission::OrganizationRead));
    let balance =
        Memo::new(move |_| session.may(Permission::BillingRead) && session.may(Permission::UsageRead));
    view! {
        <Show when=move || limits.get()><Limits/></Show>
        <Show when=move || balance.get()><Left/></Show>
    }
}

/// Budgets of a window. What is counted by the minute comes back by itself.
#[component]
fn Limits() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let standing = Query::new(move || async move {
        let mut standing = api.organization_limits().await?;
        // What was paid for is a limit too, of which the balance speaks.
        if standing.limits.iter().any(|limit| is_of(limit, None))
            && let Ok(balance) = api.balance().await
            && balance.prepaid
        {
            standing.limits.retain(|limit| !is_of(limit, Some(balance.credits_usd)));
        }
        Ok(standing)
    })
    .every(REFRESH);
    move || {
        let standing = standing.data()?;
        let locale = i18n.get_locale();
        let near: Vec<_> = standing
            .limits
            .iter()
            .filter(|limit| limit.window.is_some() && limits::percent(limit) >= NEARLY)
            .map(|limit| {
                let text = words(limit, &standing.time_zone, locale);
                let tone = if limits::percent(limit) >= 100 { Tone::Bad } else { Tone::Warning };
                view! {
                    <div class="mb-4" data-testid="alert-budget">
                        <Notice tone alert=true>
                            {text}
                            " "
                            <a class="link" href=routes::SETTINGS>{t!(i18n, dashboard.look)}</a>
                        </Notice>
                    </div>
                }
            })
            .collect();
        Some(near)
    }
}

/// Whether a limit is one of all dollars ever, of this amount where one is given.
fn is_of(limit: &LimitState, amount: Option<Nanos>) -> bool {
    let is_it = amount.is_none_or(|amount| limit.limit == Amount::Dollars(amount));
    limit.unit == LimitUnit::Usd && limit.window == Some(WindowKind::Total) && is_it
}

fn words(limit: &LimitState, time_zone: &str, locale: Locale) -> String {
    let name = limits::label(limit.unit, limit.window, locale);
    let (used, all) = (limits::percent(limit).to_string(), limits::shown(limit.limit));
    match limit.resets_at {
        Some(at) => {
            let moment = zone::moment(at, time_zone, locale);
            td_string!(
                locale,
                dashboard.budget_until,
                name = name,
                percent = used,
                limit = all,
                moment = moment
            )
        }
        None => td_string!(locale, dashboard.budget, name = name, percent = used, limit = all),
    }
}

/// What an organisation that pays in advance has left.
#[component]
fn Left() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let standing = Query::new(move || async move {
        let balance = api.balance().await?;
        // Whoever does not pay in advance needs no sum.
        let spent = match balance.prepaid {
            true => data::load(api, Range::Week).await?.totals.cost_usd,
            false => Nanos::ZERO,
        };
        Ok((balance, spent))
    })
    .every(REFRESH);
    move || {
        let (balance, spent) = standing.data()?;
        let tone = tone(&balance, spent)?;
        let amount = format::dollars(balance.balance_usd);
        let text = move || {
            if tone == Tone::Bad {
                td_string!(i18n.get_locale(), dashboard.balance_gone).to_owned()
            } else {
                td_string!(i18n.get_locale(), dashboard.balance_low, amount = amount.clone())
            }
        };
        Some(view! {
            <div class="mb-4" data-testid="alert-balance">
                <Notice tone alert=true>
                    {text}
                    " "
                    <a class="link" href=routes::BILLING>{t!(i18n, dashboard.look)}</a>
                </Notice>
            </div>
        })
    }
}

/// Bad when nothing is left, a warning when it lasts less than a week at the pace of the last one.
fn tone(balance: &Balance, spent: Nanos) -> Option<Tone> {
    if !balance.prepaid {
        return None;
    }
    if balance.balance_usd <= Nanos::ZERO {
        return Some(Tone::Bad);
    }
    (spent > balance.balance_usd).then_some(Tone::Warning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::LimitScope;

    fn balance(prepaid: bool, left: i64) -> Balance {
        Balance {
            prepaid,
            credits_usd: Nanos(100),
            charged_usd: Nanos(100 - left),
            reserved_usd: None,
            balance_usd: Nanos(left),
        }
    }

    #[test]
    fn what_was_paid_for_is_told_from_a_budget_of_all_dollars() {
        let limit = |unit, window, dollars| LimitState {
            scope: LimitScope::Organization,
            unit,
            window: Some(window),
            limit: Amount::Dollars(Nanos(dollars)),
            used: Amount::Dollars(Nanos(0)),
            reserved: Amount::Dollars(Nanos(0)),
            remaining: Amount::Dollars(Nanos(dollars)),
            resets_at: None,
        };
        let total = limit(LimitUnit::Usd, WindowKind::Total, 100);
        assert!(is_of(&total, None) && is_of(&total, Some(Nanos(100))));
        assert!(!is_of(&total, Some(Nanos(150))), "a budget that is lower than what was paid for");
        assert!(!is_of(&limit(LimitUnit::Usd, WindowKind::Month, 100), Some(Nanos(100))));
        assert!(!is_of(&limit(LimitUnit::Requests, WindowKind::Total, 100), None));
    }

    #[test]
    fn a_balance_is_spoken_of_when_it_lasts_less_than_a_week() {
        assert_eq!(tone(&balance(true, 50), Nanos(50)), None);
        assert_eq!(tone(&balance(true, 50), Nanos(51)), Some(Tone::Warning));
        assert_eq!(tone(&balance(true, 0), Nanos(0)), Some(Tone::Bad));
        assert_eq!(tone(&balance(true, -1), Nanos(0)), Some(Tone::Bad));
        assert_eq!(tone(&balance(false, -1), Nanos(9)), None, "it does not pay in advance");
    }
}
