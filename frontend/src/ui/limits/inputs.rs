//! The inputs for limits.

use causeway_domain::window::WindowKind;
use leptos::prelude::*;

use super::{fields::LimitsForm, words::window};
use crate::{
    core::{
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::field::TextField,
};

type Paths = [&'static str; 5];

const USD: Paths =
    ["limits.usd.five_hours", "limits.usd.day", "limits.usd.week", "limits.usd.month", "limits.usd.total"];
const TOKENS: Paths = [
    "limits.tokens.five_hours",
    "limits.tokens.day",
    "limits.tokens.week",
    "limits.tokens.month",
    "limits.tokens.total",
];
const REQUESTS: Paths = [
    "limits.requests.five_hours",
    "limits.requests.day",
    "limits.requests.week",
    "limits.requests.month",
    "limits.requests.total",
];

/// Budgets in dollars, rates, what may run at once, and behind folds budgets in tokens and requests.
#[component]
pub(crate) fn LimitInputs(
    form: LimitsForm,
    submission: Submission,
    /// Whether the page has other limits before these: tests find the first by their names alone.
    #[prop(optional)]
    second: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let texts = form.texts;
    let testid = move |path: &'static str| if second { "" } else { path };
    // What this page finds wrong comes first: the server has not seen it.
    let error = move |path: &'static str| {
        let server = submission.field(path);
        Signal::derive(move || {
            let here = form.problems.with(|p| p.get(path).map(|p| p.message(i18n.get_locale()).to_owned()));
            here.or_else(|| server.get())
        })
    };
    let budgets = move |values: [RwSignal<String>; 5], paths: Paths, prefix: &'static str| {
        let fields = WindowKind::ALL.into_iter().zip(values).zip(paths);
        let field = move |((kind, value), path): ((WindowKind, RwSignal<String>), &'static str)| {
            view! {
                <TextField
                    label=Signal::derive(move || window(kind, i18n.get_locale()).to_owned())
                    value
                    prefix
                    placeholder=text!(i18n, common.unlimited)
                    inputmode="decimal"
                    error=error(path)
                    testid=testid(path)
                />
            }
        };
        view! { <div class="grid grid-cols-2 gap-4 sm:grid-cols-5">{fields.map(field).collect_view()}</div> }
    };
    let single = move |label: Signal<String>,
                       value: RwSignal<String>,
                       path: &'static str,
                       empty: Signal<String>| {
        view! { <TextField label value placeholder=empty inputmode="numeric" error=error(path) testid=testid(path)/> }
    };
    let unlimited = text!(i18n, common.unlimited);
    let none = text!(i18n, limits.no_queue);
    let filled =
        |values: [RwSignal<String>; 5]| values.iter().any(|text| text.with_untracked(|t| !t.is_empty()));
    view! {
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, limits.budget_usd)}</legend>
            {budgets(texts.usd, USD, "$")}
        </fieldset>
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, limits.rates)}</legend>
            <div class="grid gap-4 sm:grid-cols-2">
                {single(text!(i18n, limits.rpm), texts.requests_per_minute, "limits.requests_per_minute", unlimited)}
                {single(text!(i18n, limits.tpm), texts.tokens_per_minute, "limits.tokens_per_minute", unlimited)}
            </div>
        </fieldset>
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, limits.at_once)}</legend>
            <div class="grid gap-4 sm:grid-cols-3">
                {single(text!(i18n, limits.concurrency), texts.concurrency, "limits.concurrency", unlimited)}
                {single(text!(i18n, limits.queue_length), texts.queue_length, "limits.queue.length", none)}
                {single(text!(i18n, limits.queue_wait), texts.queue_wait, "limits.queue.wait_seconds", none)}
            </div>
            <p class="mt-2 text-xs text-base-content/70">{move || t_string!(i18n, limits.queue_hint)}</p>
        </fieldset>
        <details class="rounded-box border border-base-300 px-4 py-3" open=filled(texts.tokens)>
            <summary class="cursor-pointer text-sm font-medium">{t!(i18n, limits.budget_tokens)}</summary>
            <div class="mt-4">{budgets(texts.tokens, TOKENS, "")}</div>
        </details>
        <details class="rounded-box border border-base-300 px-4 py-3" open=filled(texts.requests)>
            <summary class="cursor-pointer text-sm font-medium">{t!(i18n, limits.budget_requests)}</summary>
            <div class="mt-4">{budgets(texts.requests, REQUESTS, "")}</div>
        </details>
    }
}
