//! The way of a request: the accounts that were asked or passed over, in turn, and what happened at each.

use causeway_domain::RequestId;
use causeway_openapi::{AttemptStep, FailureCause, RequestAttempts};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        format,
        i18n::{Locale, t, t_string, td_string, tu_string, use_i18n},
        query::Query,
    },
    pages::accounts::health::cause_name,
};

/// The way of a request that has a row in the log. Nothing for the most of them, which their first account has answered.
#[component]
pub(super) fn Way(request: RequestId) -> impl IntoView {
    let api = use_api();
    let way = Query::new(move || api.attempts(request));
    move || {
        let steps = way.data().map(|way| way.steps).unwrap_or_default();
        (!steps.is_empty()).then(|| view! { <Steps steps/> })
    }
}

/// A request that was refused.
#[component]
pub(super) fn Refusal(way: RequestAttempts) -> impl IntoView {
    let RequestAttempts { request_id, model, status, code, message, steps } = way;
    view! {
        <div class="flex flex-col gap-5 text-sm">
            <div class="flex flex-wrap items-center gap-3">
                <CodeBadge status code/>
                <span class="font-mono text-sm break-all">{model}</span>
            </div>
            <p class="break-words empty:hidden" data-testid="refused-message">{message}</p>
            {(!steps.is_empty()).then(|| view! { <Steps steps/> })}
            <code class="text-xs break-all text-base-content/70" data-testid="refused-id">{request_id.to_string()}</code>
        </div>
    }
}

/// What the client was told.
#[component]
pub(super) fn CodeBadge(status: Option<u16>, code: String) -> impl IntoView {
    let i18n = use_i18n();
    let name = {
        let code = code.clone();
        move || code_name(&code, i18n.get_locale())
    };
    view! {
        <span class="flex flex-wrap items-baseline gap-x-2">
            {status.map(|status| view! { <span class="font-medium tabular-nums">{status}</span> })}
            <span>{name}</span>
            <code class="text-xs text-base-content/70">{code}</code>
        </span>
    }
}

#[component]
fn Steps(steps: Vec<AttemptStep>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <section>
            <h3 class="mb-1.5 font-semibold">{t!(i18n, requests.way)}</h3>
            <ul class="divide-y divide-base-300 rounded-box border border-base-300" data-testid="way">
                {steps.into_iter().map(|step| view! { <Step step/> }).collect_view()}
            </ul>
        </section>
    }
}

/// What happened at one account.
#[component]
pub(crate) fn Step(step: AttemptStep) -> impl IntoView {
    let i18n = use_i18n();
    let AttemptStep { account_name, what, tried, status, message, took_ms, until, .. } = step;
    let took = took_ms.map(format::duration_ms);
    let told = [status.map(|status| format!("HTTP {status}")), took].into_iter().flatten();
    let told = told.collect::<Vec<_>>().join(" · ");
    let name = {
        let what = what.clone();
        move || what_name(&what, i18n.get_locale())
    };
    let account = move || {
        if account_name.is_empty() {
            t_string!(i18n, common.deleted).to_owned()
        } else {
            account_name.clone()
        }
    };
    view! {
        <li class="flex flex-wrap items-baseline gap-x-3 px-4 py-2" data-testid="step">
            <span class="font-medium">{account}</span>
            <span class="text-base-content/70">
                {move || if tried { t_string!(i18n, requests.tried) } else { t_string!(i18n, requests.passed) }}
            </span>
            <span>{name}</span>
            <code class="text-xs text-base-content/70">{what}</code>
            <span class="text-base-content/70 tabular-nums">{told}</span>
            {until.map(|until| view! {
                <span class="text-base-content/70" title=format::moment_exact(until)>
                    {move || tu_string!(i18n, requests.not_before, time = format::moment(until, i18n.get_locale()))}
                </span>
            })}
            <span class="min-w-0 basis-full break-words text-xs text-base-content/70 empty:hidden">{message}</span>
        </li>
    }
}

/// What happened at an account, in words, where the product has words for it.
fn what_name(what: &str, locale: Locale) -> &'static str {
    if let Some(cause) = cause(what) {
        return cause_name(cause, locale);
    }
    match what {
        "ok" => td_string!(locale, requests.step_ok),
        "answered" => td_string!(locale, requests.step_answered),
        "client_left" => td_string!(locale, requests.client_left),
        "tried" => td_string!(locale, requests.step_tried),
        "disabled" => td_string!(locale, requests.step_disabled),
        "credential_expired" => td_string!(locale, requests.step_credential_expired),
        "credential_dead" => td_string!(locale, requests.step_credential_dead),
        "proxy_disabled" => td_string!(locale, requests.step_proxy_disabled),
        // The rest are names of limits.
        _ => td_string!(locale, requests.step_limit),
    }
}

/// What a client was told, in words, where that says more than the code.
fn code_name(code: &str, locale: Locale) -> &'static str {
    match code {
        "accounts_cooling" => td_string!(locale, requests.code_accounts_cooling),
        "accounts_busy" => td_string!(locale, requests.code_accounts_busy),
        "accounts_unavailable" => td_string!(locale, requests.code_accounts_unavailable),
        "proxy_unavailable" => td_string!(locale, requests.code_proxy_unavailable),
        "upstream_unreachable" => td_string!(locale, requests.code_upstream_unreachable),
        "upstream_timeout" => td_string!(locale, requests.code_upstream_timeout),
        "credential_dead" => td_string!(locale, requests.step_credential_dead),
        "upstream_error" => td_string!(locale, requests.upstream_error),
        "requests_per_minute" => td_string!(locale, limits.rpm),
        "tokens_per_minute" => td_string!(locale, limits.tpm),
        "concurrency" => td_string!(locale, limits.concurrency),
        "requests" => td_string!(locale, requests.code_requests),
        "budget_usd" => td_string!(locale, requests.code_budget_usd),
        "budget_tokens" => td_string!(locale, requests.code_budget_tokens),
        "balance" => td_string!(locale, requests.code_balance),
        "model_forbidden" => td_string!(locale, requests.code_model_forbidden),
        "dialect_forbidden" => td_string!(locale, requests.code_dialect_forbidden),
        "client_forbidden" => td_string!(locale, requests.code_client_forbidden),
        "provider_forbidden" => td_string!(locale, requests.code_provider_forbidden),
        "unknown_model" => td_string!(locale, requests.code_unknown_model),
        "not_served" => td_string!(locale, requests.code_not_served),
        "no_account" => td_string!(locale, requests.code_no_account),
        "client_left" => td_string!(locale, requests.client_left),
        _ => cause(code).map_or("", |cause| cause_name(cause, locale)),
    }
}

/// The row of the failover table that a word names, if it does.
fn cause(word: &str) -> Option<FailureCause> {
    serde_json::from_value(serde_json::Value::from(word)).ok()
}
