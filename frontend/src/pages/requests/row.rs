//! One request in the log.

use causeway_openapi::{Outcome, Request};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
    },
    ui::{
        badge::{Badge, Tone},
        icon::{Glyph, Icon},
        table::Cell,
    },
};

/// The row, which opens the details.
#[component]
pub(super) fn Row(request: Request, show: impl Fn(Request) + Copy + Send + Sync + 'static) -> impl IntoView {
    let i18n = use_i18n();
    let at = request.started_at;
    let tokens = request.tokens;
    let cost = request.cost_usd;
    let (outcome, status) = (request.outcome, request.status);
    let (model, key_name) = (request.model.clone(), request.key_name.clone());
    let whole_name = key_name.clone();
    let duration = format::duration_ms(u64::from(request.duration_ms));
    let details = StoredValue::new(request);
    view! {
        <tr data-testid="request">
            <Cell label=text!(i18n, requests.time)>
                <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, requests.model)>
                <span class="font-mono text-xs break-all md:break-normal md:whitespace-nowrap">{model}</span>
            </Cell>
            <Cell label=text!(i18n, requests.key)>
                <span class="break-words md:line-clamp-2" title=whole_name>{move || {
                    if key_name.is_empty() { t_string!(i18n, common.deleted).to_owned() } else { key_name.clone() }
                }}</span>
            </Cell>
            <Cell label=text!(i18n, requests.outcome)><OutcomeBadge outcome status/></Cell>
            <Cell label=text!(i18n, requests.input) numeric=true>
                <div>{format::grouped(tokens.all_input())}</div>
                {(tokens.cache_read > 0).then(|| view! {
                    <div class="text-xs text-base-content/70 whitespace-nowrap">
                        {t!(i18n, requests.cached, count = format::compact(tokens.cache_read))}
                    </div>
                })}
            </Cell>
            <Cell label=text!(i18n, requests.output) numeric=true>{format::grouped(tokens.output)}</Cell>
            <Cell label=text!(i18n, requests.cost) numeric=true>
                <span class="font-medium" title=format::dollars_exact(cost) data-testid="request-cost">
                    {format::dollars(cost)}
                </span>
            </Cell>
            <Cell label=text!(i18n, requests.duration) numeric=true>
                <span class="whitespace-nowrap">{duration}</span>
            </Cell>
            <Cell label=text!(i18n, requests.details) numeric=true>
                <button
                    type="button"
                    class="btn btn-ghost btn-xs btn-square"
                    aria-label=move || t_string!(i18n, requests.details)
                    title=move || t_string!(i18n, requests.details)
                    data-testid="request-details"
                    on:click=move |_| show(details.get_value())
                >
                    <Glyph icon=Icon::Chevron class="size-4 -rotate-90"/>
                </button>
            </Cell>
        </tr>
    }
}

/// How it ended, with the status where that says more.
#[component]
pub(super) fn OutcomeBadge(outcome: Outcome, status: u16) -> impl IntoView {
    let i18n = use_i18n();
    let tone = match outcome {
        Outcome::Completed if status < 400 => Tone::Good,
        Outcome::Completed | Outcome::UpstreamError => Tone::Bad,
        Outcome::ClientLeft => Tone::Neutral,
        Outcome::UpstreamCut | Outcome::Interrupted => Tone::Warning,
    };
    let label = move || {
        let name = outcome_name(outcome, i18n.get_locale());
        if status == 0 || status == 200 { name.to_owned() } else { format!("{name} · {status}") }
    };
    view! { <Badge tone>{label}</Badge> }
}

/// The name of an outcome.
pub(super) fn outcome_name(outcome: Outcome, locale: Locale) -> &'static str {
    match outcome {
        Outcome::Completed => td_string!(locale, requests.completed),
        Outcome::ClientLeft => td_string!(locale, requests.client_left),
        Outcome::UpstreamCut => td_string!(locale, requests.upstream_cut),
        Outcome::UpstreamError => td_string!(locale, requests.upstream_error),
        Outcome::Interrupted => td_string!(locale, requests.interrupted),
    }
}
