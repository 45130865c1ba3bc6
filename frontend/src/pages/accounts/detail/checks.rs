//! When an account is checked by itself, and what that has found.

use causeway_openapi::{AccountCheck, AccountChecks};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
    },
    ui::{
        badge::{Badge, Tone},
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// The card.
#[component]
pub(super) fn Checks(told: AccountChecks) -> impl IntoView {
    let i18n = use_i18n();
    let AccountChecks { schedule, inherited, time_zone, next_at, items, .. } = told;
    let columns = vec![
        Column::text(text!(i18n, accounts.when)),
        Column::text(text!(i18n, accounts.found)),
        Column::text(text!(i18n, accounts.outcome)),
    ];
    let none = items.is_empty();
    view! {
        <Card title=text!(i18n, accounts.checks) flush=true>
            <div class="flex flex-col gap-1 px-5 pb-4 text-sm" data-testid="account-checks">
                {match schedule {
                    None => view! { <p>{t!(i18n, accounts.checks_off)}</p> }.into_any(),
                    Some(schedule) => view! {
                        <p>
                            <span class="font-mono" data-testid="check-schedule">{schedule}</span>
                            <span class="text-base-content/70">" · " {time_zone}</span>
                            {inherited.then(|| view! { <span class="text-base-content/70">" · " {t!(i18n, accounts.checks_inherited)}</span> })}
                        </p>
                    }
                    .into_any(),
                }}
                {next_at.map(|at| view! {
                    <p title=format::moment_exact(at)>
                        {move || tu_string!(i18n, accounts.next_check, time = format::moment(at, i18n.get_locale()))}
                    </p>
                })}
                <p class="text-xs text-base-content/70">{t!(i18n, accounts.checks_text)}</p>
            </div>
            {(!none).then(|| view! {
                <Table caption=text!(i18n, accounts.checks) columns testid="checks">
                    {items.into_iter().map(|check| view! { <Row check/> }).collect_view()}
                </Table>
            })}
        </Card>
    }
}

#[component]
fn Row(check: AccountCheck) -> impl IntoView {
    let i18n = use_i18n();
    let AccountCheck { due_at, outcome, ended_rest } = check;
    let (tone, word) = match outcome.as_ref().map(|found| found.ok) {
        Some(true) => (Tone::Good, text!(i18n, accounts.passed)),
        Some(false) => (Tone::Bad, text!(i18n, accounts.failed)),
        None => (Tone::Neutral, text!(i18n, accounts.no_outcome)),
    };
    let status = outcome.as_ref().and_then(|found| found.status).map(|status| format!("HTTP {status} · "));
    let took = outcome.as_ref().map(|found| format::duration_ms(found.latency_ms));
    let message = outcome.map(|found| found.message).unwrap_or_default();
    view! {
        <tr data-testid="account-check">
            <Cell label=text!(i18n, accounts.when)>
                <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(due_at)>
                    {move || format::moment(due_at, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, accounts.found)>
                <Badge tone=tone>{move || word.get()}</Badge>
            </Cell>
            <Cell label=text!(i18n, accounts.outcome)>
                <div class="max-w-xl break-words">{message}</div>
                <div class="text-xs text-base-content/70">
                    {status}
                    {took}
                    {ended_rest.then(|| view! { " · " {move || t_string!(i18n, accounts.ended_rest)} })}
                </div>
            </Cell>
        </tr>
    }
}
