//! The four figures at the top.

use causeway_openapi::UsageFigures;
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t_string, text, use_i18n},
    },
    ui::icon::{Glyph, Icon},
};

/// Requests, tokens, dollars and how much of the input came from the prompt cache.
#[component]
pub(crate) fn Figures(figures: UsageFigures) -> impl IntoView {
    let i18n = use_i18n();
    let input = figures.all_input();
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let cached = format::percent(signed(figures.cache_read_tokens), signed(input));
    let mean = |total: i64| i64::try_from(figures.requests).ok().filter(|n| *n > 0).map(|n| total / n);
    let mean_cost =
        mean(figures.cost_usd.0).map_or_else(String::new, |n| format::dollars(causeway_domain::Nanos(n)));
    view! {
        <div class="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-4">
            <Figure
                icon=Icon::Dollar
                title=text!(i18n, dashboard.cost)
                value=format::dollars(figures.cost_usd)
                exact=format::dollars_exact(figures.cost_usd)
                note=Signal::derive(move || {
                    if mean_cost.is_empty() { String::new() } else { t_string!(i18n, dashboard.cost_note, mean = mean_cost.clone()) }
                })
                testid="figure-cost"
            />
            <Figure
                icon=Icon::List
                title=text!(i18n, dashboard.requests)
                value=format::grouped(figures.requests)
                note=Signal::derive(move || match figures.errors {
                    0 => t_string!(i18n, dashboard.no_errors).to_owned(),
                    n => t_string!(i18n, dashboard.errors, count = format::grouped(n)),
                })
                testid="figure-requests"
            />
            <Figure
                icon=Icon::Bolt
                title=text!(i18n, dashboard.tokens)
                value=format::compact(figures.tokens())
                exact=format::grouped(figures.tokens())
                note=text!(i18n, dashboard.tokens_note, input = format::compact(input), output = format::compact(figures.output_tokens))
                testid="figure-tokens"
            />
            <Figure
                icon=Icon::Refresh
                title=text!(i18n, dashboard.cache)
                value=format!("{cached}%")
                note=text!(i18n, dashboard.cache_note, tokens = format::compact(figures.cache_read_tokens))
                testid="figure-cache"
            />
        </div>
    }
}

#[component]
fn Figure(
    icon: Icon,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] value: String,
    #[prop(optional, into)] exact: String,
    #[prop(into)] note: Signal<String>,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-4 shadow-xs min-w-0 sm:p-5">
            <div class="flex items-center justify-between gap-2 text-base-content/70">
                <h2 class="truncate text-sm font-medium">{move || title.get()}</h2>
                <Glyph icon class="size-4.5 opacity-60"/>
            </div>
            <p
                class="mt-2 text-2xl font-semibold tracking-tight tabular-nums truncate"
                title=(!exact.is_empty()).then_some(exact)
                data-testid=testid
            >
                {value}
            </p>
            <p class="mt-1 text-xs text-base-content/70 tabular-nums">{move || note.get()}</p>
        </section>
    }
}
