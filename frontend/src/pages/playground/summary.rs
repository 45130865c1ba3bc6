//! What came of it: which account answered, which did not and why, tokens, dollars and times.

use causeway_openapi::{AttemptStep, PlayDone, PlayOffer, PlayUsage};
use leptos::prelude::*;

use super::{
    bodies::dialect_name,
    run::{Run, Stage},
};
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
        routes,
    },
    pages::requests::way::Step,
    ui::{
        badge::{Badge, Tone},
        notice::Notice,
        page::Card,
    },
};

/// The card.
#[component]
pub(super) fn Summary(run: Run) -> impl IntoView {
    let i18n = use_i18n();
    let stage = move || match run.stage.get() {
        Stage::Idle => None,
        Stage::Running => Some((Tone::Info, t_string!(i18n, playground.running))),
        Stage::Over => None,
        Stage::Cancelled => Some((Tone::Warning, t_string!(i18n, playground.cancelled))),
        Stage::Broken => Some((Tone::Bad, t_string!(i18n, playground.broken))),
    };
    let status = move || {
        run.answers.with(|all| all.iter().find(|answer| answer.attempt == 0).map(|answer| answer.status))
    };
    let account = Memo::new(move |_| {
        run.asked.with(|asked| asked.last().map(|asked| (asked.account_name.clone(), asked.dialect)))
    });
    view! {
        <Card title=text!(i18n, playground.outcome)>
            <div class="flex flex-col gap-4" data-testid="play-outcome" aria-live="polite">
                <div class="flex flex-wrap items-center gap-3 text-sm">
                    {move || stage().map(|(tone, words)| view! { <Badge tone dot=true>{words}</Badge> })}
                    {move || status().map(|status| {
                        let tone = if status < 400 { Tone::Good } else { Tone::Bad };
                        view! { <Badge tone><span data-testid="play-status">{format!("HTTP {status}")}</span></Badge> }
                    })}
                    {move || account.get().map(|(name, dialect)| view! {
                        <span data-testid="play-account">
                            <span class="font-medium">{name}</span>
                            <span class="text-base-content/70">{format!(" · {}", dialect_name(dialect))}</span>
                        </span>
                    })}
                </div>
                {move || run.done.get().map(|done| view! { <Done done run/> })}
                {move || {
                    let offers = run.offers.get();
                    let steps = run.done.get().map(|done| done.steps).unwrap_or_default();
                    view! { <Way offers steps/> }
                }}
                {move || (run.stage.get() == Stage::Cancelled).then(|| view! {
                    <Notice tone=Tone::Warning>{t!(i18n, playground.cancelled_text)}</Notice>
                })}
            </div>
        </Card>
    }
}

#[component]
fn Done(done: PlayDone, run: Run) -> impl IntoView {
    let i18n = use_i18n();
    let key = run.key.get_untracked().map(|id| format!("key_id={id}&")).unwrap_or_default();
    let link = format!("{}?{key}request={}", routes::REQUESTS, done.request_id);
    let cut = done.cut.then(|| view! { <Notice tone=Tone::Bad>{t!(i18n, playground.cut)}</Notice> });
    match done.usage {
        Some(usage) => view! {
            {cut}
            {usage.error.clone().map(|error| view! { <Notice tone=Tone::Bad>{error}</Notice> })}
            <Figures usage/>
            <p class="text-sm"><a class="link link-primary" href=link data-testid="play-row">{t!(i18n, playground.to_row)}</a></p>
        }
        .into_any(),
        None => view! {
            {cut}
            <p class="text-sm text-base-content/70" data-testid="play-unbilled">{t!(i18n, playground.unbilled)}</p>
        }
        .into_any(),
    }
}

#[component]
fn Figures(usage: PlayUsage) -> impl IntoView {
    let i18n = use_i18n();
    let figure = |label: Signal<String>, value: String, testid: &'static str| {
        view! {
            <div class="min-w-0">
                <dt class="text-xs text-base-content/70">{move || label.get()}</dt>
                <dd class="font-medium tabular-nums" data-testid=testid>{value}</dd>
            </div>
        }
    };
    let tokens = usage.tokens;
    let cached = tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;
    let ms = |n: u32| format::duration_ms(u64::from(n));
    view! {
        <dl class="grid grid-cols-2 gap-4 text-sm sm:grid-cols-4 xl:grid-cols-7">
            {figure(text!(i18n, playground.charged), format::dollars_exact(usage.cost_usd), "play-charged")}
            {figure(text!(i18n, playground.cost), format::dollars_exact(usage.provider_cost_usd), "play-cost")}
            {figure(text!(i18n, playground.input), format::grouped(tokens.input), "play-input")}
            {figure(text!(i18n, playground.cached), format::grouped(cached), "play-cached")}
            {figure(text!(i18n, playground.output), format::grouped(tokens.output), "play-output")}
            {figure(text!(i18n, playground.first_byte), usage.first_byte_ms.map_or_else(|| "—".to_owned(), ms), "play-first-byte")}
            {figure(text!(i18n, playground.duration), ms(usage.duration_ms), "play-duration")}
        </dl>
        {usage.estimated.then(|| view! { <Notice tone=Tone::Warning>{t!(i18n, playground.estimated)}</Notice> })}
    }
}

/// Accounts that did not answer: those without room, and those that were asked in vain or passed over.
#[component]
fn Way(offers: Vec<PlayOffer>, steps: Vec<AttemptStep>) -> impl IntoView {
    let i18n = use_i18n();
    let full: Vec<PlayOffer> = offers.into_iter().take_while(|offer| !offer.chosen).collect();
    let none = full.is_empty() && steps.is_empty();
    let no_room = move |offer: PlayOffer| {
        view! {
            <li class="flex flex-wrap items-baseline gap-x-3 px-4 py-2">
                <span class="font-medium">{offer.account_name}</span>
                <span class="text-base-content/70">{t!(i18n, playground.no_room)}</span>
            </li>
        }
    };
    (!none).then(|| {
        view! {
            <div>
                <h3 class="mb-1.5 text-sm font-medium">{t!(i18n, playground.way)}</h3>
                <ul class="divide-y divide-base-300 rounded-box border border-base-300 text-sm">
                    {full.into_iter().map(no_room).collect_view()}
                    {steps.into_iter().map(|step| view! { <Step step/> }).collect_view()}
                </ul>
            </div>
        }
    })
}
