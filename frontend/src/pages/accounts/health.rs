//! How an account fares: its state with what it rests for and how long, its provider's quota, what runs there, and what
//! went wrong last.

use std::time::Duration;

use causeway_openapi::{
    Account, AccountError, AccountHealth, AccountRate, AccountRest, AccountState, FailureCause, QuotaWindow,
    RestScope,
};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, tu_string, use_i18n},
    },
    ui::badge::{Badge, Tone},
};

/// How often what is left of a rest is counted anew.
const TICK: Duration = Duration::from_secs(1);

/// The cell.
#[component]
pub(super) fn Health(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let (draining, dedicated) = (account.draining, account.dedicated);
    let AccountHealth { state, rests, last_error, quota, in_flight, last_hour, .. } = account.health;
    let resting = !rests.is_empty();
    view! {
        <div class="flex min-w-0 flex-col gap-1.5 max-sm:items-end max-sm:text-right" data-testid="account-health">
            <div class="flex flex-wrap items-center gap-1.5 max-sm:justify-end">
                <Badge tone=tone(state) dot=true>{move || state_name(state, i18n.get_locale())}</Badge>
                {draining.then(|| view! { <Badge tone=Tone::Warning>{t!(i18n, accounts.draining)}</Badge> })}
                {dedicated.then(|| view! { <Badge tone=Tone::Info>{t!(i18n, accounts.dedicated)}</Badge> })}
                {(in_flight > 0).then(|| view! {
                    <span class="text-xs text-base-content/70 whitespace-nowrap">{t!(i18n, accounts.in_flight, count = in_flight)}</span>
                })}
            </div>
            {last_hour.success.map(|_| view! { <LastHour rate=last_hour/> })}
            {rests.into_iter().map(|rest| view! { <Rest rest/> }).collect_view()}
            {quota.into_iter().map(|window| view! { <Quota window/> }).collect_view()}
            {last_error.filter(|_| !resting).map(|error| view! { <LastError error/> })}
        </div>
    }
}

/// How often it answered lately; the figures behind it to whoever points there.
#[component]
fn LastHour(rate: AccountRate) -> impl IntoView {
    let i18n = use_i18n();
    let exact = move || {
        let (answered, failed) = (format::grouped(rate.answered), format::grouped(rate.failed));
        tu_string!(i18n, accounts.hour_rate_exact, answered = answered, failed = failed)
    };
    view! {
        <div class="text-xs text-base-content/70" data-testid="account-hour" title=exact>
            {move || tu_string!(i18n, accounts.hour_rate, rate = success(rate.success))}
        </div>
    }
}

/// A part of ten thousand as percent: whole where it is all, and never rounded up to it.
pub(super) fn success(part: Option<u32>) -> String {
    match part {
        None => "—".to_owned(),
        Some(10_000) => "100 %".to_owned(),
        Some(part) => format!("{}.{:02} %", part / 100, part % 100),
    }
}

#[component]
fn Rest(rest: AccountRest) -> impl IntoView {
    let i18n = use_i18n();
    let AccountRest { scope, name, cause, message, until, .. } = rest;
    let now = clock();
    let left = move || {
        let locale = i18n.get_locale();
        match until.signed_duration_since(now.get()).num_seconds() {
            seconds if seconds > 0 => tu_string!(i18n, accounts.rests_for, time = span(seconds, locale)),
            _ => t_string!(i18n, accounts.rest_over).to_owned(),
        }
    };
    view! {
        <div class="text-xs" data-testid="account-rest" title=message>
            <span class="font-medium">{move || cause_name(cause, i18n.get_locale())}</span>
            {(scope == RestScope::Way).then(|| view! { " · " {t!(i18n, accounts.scope_way)} })}
            {name.map(|name| view! { " · " <span class="font-mono break-all">{name}</span> })}
            <span class="text-base-content/70">" · " {left}</span>
            {(cause == FailureCause::Challenge).then(|| view! {
                <div class="text-base-content/70">{t!(i18n, proxies.challenge_help)}</div>
            })}
        </div>
    }
}

#[component]
fn Quota(window: QuotaWindow) -> impl IntoView {
    let i18n = use_i18n();
    let QuotaWindow { window, utilization, status, resets_at } = window;
    let used = utilization.map(|n| n.min(10_000) / 100);
    let label = window.clone();
    let bar = used.map(|percent| {
        let class =
            if percent >= 90 { "progress progress-error w-full" } else { "progress progress-primary w-full" };
        let told = move || tu_string!(i18n, accounts.quota_used, window = label.clone(), percent = percent);
        view! { <progress class=class value=percent.to_string() max="100" aria-label=told></progress> }
    });
    let figure = used.map_or(status, |percent| format!("{percent} %"));
    view! {
        <div class="flex w-full items-center gap-2 text-xs max-sm:justify-end" data-testid="account-quota">
            <span class="shrink-0 font-mono">{window}</span>
            {bar}
            <span class="shrink-0 tabular-nums">{figure}</span>
            {resets_at.map(|at| view! {
                <span class="shrink-0 text-base-content/70" title=format::moment_exact(at)>
                    {move || t_string!(i18n, accounts.quota_resets, time = format::moment(at, i18n.get_locale()))}
                </span>
            })}
        </div>
    }
}

#[component]
fn LastError(error: AccountError) -> impl IntoView {
    let i18n = use_i18n();
    let AccountError { at, cause, status, message } = error;
    view! {
        <div class="text-xs text-base-content/70" title=message>
            {t!(i18n, accounts.last_error)}
            " "
            {move || cause_name(cause, i18n.get_locale())}
            {status.map(|status| format!(" ({status})"))}
            " · "
            {move || format::moment(at, i18n.get_locale())}
        </div>
    }
}

/// The browser's clock. It goes on by itself: a rest that is not news is not drawn anew.
pub(super) fn clock() -> Signal<DateTime<Utc>> {
    let now = RwSignal::new(Utc::now());
    let timer = set_interval_with_handle(
        move || {
            let _ = now.try_set(Utc::now());
        },
        TICK,
    );
    if let Ok(timer) = timer {
        on_cleanup(move || timer.clear());
    }
    now.into()
}

/// A length of time in its largest unit, rounded up.
fn span(seconds: i64, locale: Locale) -> String {
    match seconds {
        ..=90 => td_string!(locale, accounts.seconds, count = seconds),
        91..=5400 => td_string!(locale, accounts.minutes, count = (seconds + 59) / 60),
        5401..=172_800 => td_string!(locale, accounts.hours, count = (seconds + 3599) / 3600),
        _ => td_string!(locale, accounts.days, count = (seconds + 86_399) / 86_400),
    }
}

fn tone(state: AccountState) -> Tone {
    match state {
        AccountState::Ready => Tone::Good,
        AccountState::Partial | AccountState::HalfOpen => Tone::Warning,
        AccountState::Cooling => Tone::Bad,
        AccountState::Disabled => Tone::Neutral,
    }
}

fn state_name(state: AccountState, locale: Locale) -> &'static str {
    match state {
        AccountState::Ready => td_string!(locale, accounts.ready),
        AccountState::Partial => td_string!(locale, accounts.partial),
        AccountState::Cooling => td_string!(locale, accounts.cooling),
        AccountState::HalfOpen => td_string!(locale, accounts.half_open),
        AccountState::Disabled => td_string!(locale, common.disabled),
    }
}

/// Why something rests, in words.
pub(crate) fn cause_name(cause: FailureCause, locale: Locale) -> &'static str {
    match cause {
        FailureCause::Challenge => td_string!(locale, accounts.cause_challenge),
        FailureCause::BalanceUsedUp => td_string!(locale, accounts.cause_balance_used_up),
        FailureCause::ForeignThinking => td_string!(locale, accounts.cause_foreign_thinking),
        FailureCause::Unreachable => td_string!(locale, accounts.cause_unreachable),
        FailureCause::ProxyUnavailable => td_string!(locale, accounts.cause_proxy_unavailable),
        FailureCause::Silent => td_string!(locale, accounts.cause_silent),
        FailureCause::BadCredential => td_string!(locale, accounts.cause_bad_credential),
        FailureCause::AccountRefused => td_string!(locale, accounts.cause_account_refused),
        FailureCause::Forbidden => td_string!(locale, accounts.cause_forbidden),
        FailureCause::CallersFault => td_string!(locale, accounts.cause_callers_fault),
        FailureCause::ModelUnavailable => td_string!(locale, accounts.cause_model_unavailable),
        FailureCause::ProviderError => td_string!(locale, accounts.cause_provider_error),
        FailureCause::LimitedUntil => td_string!(locale, accounts.cause_limited_until),
        FailureCause::Limited => td_string!(locale, accounts.cause_limited),
        FailureCause::Overloaded => td_string!(locale, accounts.cause_overloaded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_never_rounded_away() {
        assert_eq!(success(Some(9999)), "99.99 %");
        assert_eq!(success(Some(10_000)), "100 %");
        assert_eq!(success(Some(5)), "0.05 %");
        assert_eq!(success(None), "—");
    }
}
