//! Both sides of the conversion: what was sent above, what was answered below, the client's on the left.

use causeway_openapi::{PlayAnswer, PlayHeader, PlayPiece, PlayRequest, PlaySide};
use leptos::prelude::*;

use super::{
    bodies::{event, pretty},
    run::Run,
};
use crate::{
    core::{
        format,
        i18n::{t, text, use_i18n},
    },
    ui::{copy::CopyButton, tabs::Tabs},
};

/// The four panes.
#[component]
pub(super) fn Panes(run: Run) -> impl IntoView {
    let i18n = use_i18n();
    let asked = Memo::new(move |_| {
        let attempt = run.attempt.get();
        run.asked
            .with(|all| all.iter().find(|asked| asked.attempt == attempt).map(|asked| asked.request.clone()))
    });
    let sent = Memo::new(move |_| run.sent.get());
    let client = Signal::stored(0);
    view! {
        <div class="grid min-w-0 gap-6 lg:grid-cols-2">
            <Requested title=text!(i18n, playground.client_sent) request=sent testid="client-request"/>
            <div class="flex min-w-0 flex-col gap-2 max-lg:contents">
                <Attempts run/>
                <Requested title=text!(i18n, playground.upstream_sent) request=asked testid="upstream-request"/>
            </div>
            <Answered title=text!(i18n, playground.client_got) run attempt=client side=PlaySide::Client testid="client-answer"/>
            <Answered title=text!(i18n, playground.upstream_said) run attempt=run.attempt side=PlaySide::Upstream testid="upstream-answer"/>
        </div>
    }
}

/// Which of several requests to accounts is shown.
#[component]
fn Attempts(run: Run) -> impl IntoView {
    let i18n = use_i18n();
    let names = Memo::new(move |_| {
        let name =
            |asked: &causeway_openapi::PlayUpstreamRequest| (asked.attempt, asked.account_name.clone());
        run.asked.with(|all| all.iter().map(name).collect::<Vec<_>>())
    });
    move || {
        let names = names.get();
        let option = |(attempt, name)| (attempt, Signal::stored(format!("{attempt} · {name}")));
        (names.len() > 1).then(|| {
            view! {
                <Tabs
                    label=text!(i18n, playground.attempts)
                    value=run.attempt
                    options=names.into_iter().map(option).collect()
                    small=true
                    testid="play-attempts"
                />
            }
        })
    }
}

/// The frame of a pane.
#[component]
fn Pane(
    title: Signal<String>,
    /// Status or address, beside the title.
    about: Signal<String>,
    /// What its button copies.
    copied: Signal<String>,
    testid: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="flex min-w-0 flex-col overflow-hidden rounded-box border border-base-300 bg-base-100 shadow-xs" data-testid=testid>
            <header class="flex items-center gap-3 border-b border-base-300 py-1 pr-1 pl-4">
                <h2 class="text-sm font-semibold whitespace-nowrap">{move || title.get()}</h2>
                <span class="min-w-0 truncate font-mono text-xs text-base-content/70">{move || about.get()}</span>
                <span class="ml-auto"><CopyButton text=copied/></span>
            </header>
            {children()}
        </section>
    }
}

/// Headers, folded away.
#[component]
fn Headers(headers: Vec<PlayHeader>) -> impl IntoView {
    let i18n = use_i18n();
    let count = headers.len();
    let row = |header: PlayHeader| {
        view! {
            <div class="grid gap-x-3 sm:grid-cols-[12rem_1fr]">
                <dt class="break-all text-base-content/70">{header.name}</dt>
                <dd class="break-all">{header.value}</dd>
            </div>
        }
    };
    (count > 0).then(|| {
        view! {
            <details class="border-b border-base-300 text-xs">
                <summary class="cursor-pointer px-4 py-2 font-medium">{t!(i18n, playground.headers, count = count)}</summary>
                <dl class="flex flex-col gap-1 px-4 pb-3 font-mono">{headers.into_iter().map(row).collect_view()}</dl>
            </details>
        }
    })
}

const TEXT: &str = "max-h-112 grow overflow-auto p-4 font-mono text-xs leading-relaxed";

#[component]
fn Nothing(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <p class="p-4 text-sm text-base-content/70">{move || text.get()}</p> }
}

#[component]
fn Requested(
    title: Signal<String>,
    request: Memo<Option<PlayRequest>>,
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let about = Signal::derive(move || {
        request.with(|r| r.as_ref().map(|r| format!("{} {}", r.method, r.path)).unwrap_or_default())
    });
    let copied =
        Signal::derive(move || request.with(|r| r.as_ref().map(|r| r.body.clone()).unwrap_or_default()));
    view! {
        <Pane title about copied testid>
            {move || match request.get() {
                None => view! { <Nothing text=text!(i18n, playground.nothing_sent)/> }.into_any(),
                Some(request) => view! {
                    <Headers headers=request.headers/>
                    <pre class=TEXT tabindex="0"><code class="break-words whitespace-pre-wrap">{pretty(&request.body)}</code></pre>
                    {request.truncated.then(|| view! { <Cut/> })}
                }
                .into_any(),
            }}
        </Pane>
    }
}

#[component]
fn Answered(
    title: Signal<String>,
    run: Run,
    #[prop(into)] attempt: Signal<u32>,
    side: PlaySide,
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let answer = Memo::new(move |_| {
        let attempt = attempt.get();
        run.answers.with(|all| all.iter().rev().find(|answer| answer.attempt == attempt).cloned())
    });
    let pieces = Memo::new(move |_| {
        let attempt = attempt.get();
        let numbered = |all: &Vec<PlayPiece>| {
            let own = all.iter().enumerate().filter(|(_, piece)| piece.attempt == attempt);
            own.map(|(n, piece)| (n, piece.clone())).collect::<Vec<_>>()
        };
        run.pieces.with(numbered)
    });
    let about = Signal::derive(move || {
        answer.with(|a| {
            a.as_ref()
                .map(|a| format!("HTTP {} · {}", a.status, format::duration_ms(a.at_ms)))
                .unwrap_or_default()
        })
    });
    let copied =
        Signal::derive(move || pieces.with(|all| all.iter().map(|(_, piece)| piece.text.as_str()).collect()));
    let cut = Memo::new(move |_| run.truncated.with(|sides| sides.contains(&side)));
    let headers = move || answer.get().map(|PlayAnswer { headers, .. }| view! { <Headers headers/> });
    let empty = Memo::new(move |_| pieces.with(Vec::is_empty));
    view! {
        <Pane title about copied testid>
            {headers}
            <Show when=move || !empty.get() fallback=move || view! { <Nothing text=text!(i18n, playground.nothing_yet)/> }>
                <div class=TEXT tabindex="0" role="region" aria-label=move || title.get()>
                    <For each=move || pieces.get() key=|(n, _)| *n let:numbered><Piece piece=numbered.1/></For>
                </div>
            </Show>
            <Show when=move || cut.get()><Cut/></Show>
        </Pane>
    }
}

/// An event with its time, or a body.
#[component]
fn Piece(piece: PlayPiece) -> impl IntoView {
    match event(&piece.text) {
        Some((name, data)) => view! {
            <div class="grid grid-cols-[4.5rem_minmax(0,1fr)] gap-x-3 py-0.5" data-testid="play-event">
                <span class="text-right text-base-content/70 tabular-nums">{format!("{} ms", piece.at_ms)}</span>
                <span class="break-words whitespace-pre-wrap">
                    {(!name.is_empty()).then(|| view! { <span class="font-semibold text-primary">{name}</span> " " })}
                    {data}
                </span>
            </div>
        }
        .into_any(),
        None => view! { <pre class="break-words whitespace-pre-wrap" data-testid="play-whole">{pretty(piece.text.trim_end())}</pre> }.into_any(),
    }
}

#[component]
fn Cut() -> impl IntoView {
    let i18n = use_i18n();
    view! { <p class="border-t border-base-300 px-4 py-2 text-xs text-base-content/70" data-testid="play-truncated">{t!(i18n, playground.truncated)}</p> }
}
