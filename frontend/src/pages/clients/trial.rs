//! What rules would have made of the last day's requests.

use causeway_openapi::{ClientTrial, ClientTrialRow, ClientTrialSum};
use leptos::prelude::*;

use super::shipped::condition;
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        badge::{Badge, Tone},
        notice::Notice,
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// The result.
#[component]
pub(super) fn Trial(trial: ClientTrial) -> impl IntoView {
    let i18n = use_i18n();
    let ClientTrial { requests, examined, refused, clients, rows, .. } = trial;
    let sums = vec![
        Column::text(text!(i18n, clients.client)),
        Column::number(text!(i18n, clients.before)),
        Column::number(text!(i18n, clients.after)),
    ];
    let columns = vec![
        Column::text(text!(i18n, clients.looks)),
        Column::number(text!(i18n, clients.requests)),
        Column::text(text!(i18n, clients.before)),
        Column::text(text!(i18n, clients.after)),
    ];
    let names = StoredValue::new(clients.clone());
    view! {
        <div data-testid="trial">
            <Card title=text!(i18n, clients.trial) flush=true>
                <div class="flex flex-col gap-3 px-5 pb-4">
                    <p class="text-sm text-base-content/70">
                        {t!(i18n, clients.trial_text, requests = format::grouped(requests), examined = format::grouped(examined))}
                    </p>
                    {(refused > 0).then(|| view! {
                        <Notice tone=Tone::Warning>{t!(i18n, clients.refused, count = format::grouped(refused))}</Notice>
                    })}
                </div>
                <Table caption=text!(i18n, clients.trial) columns=sums testid="trial-sums">
                    {clients.into_iter().map(|sum| view! { <Sum sum/> }).collect_view()}
                </Table>
                <div class="border-t border-base-300"></div>
                <Table caption=text!(i18n, clients.looks) columns testid="trial-rows">
                    {rows.into_iter().map(|row| view! { <Alike row names/> }).collect_view()}
                </Table>
            </Card>
        </div>
    }
}

#[component]
fn Sum(sum: ClientTrialSum) -> impl IntoView {
    let i18n = use_i18n();
    let ClientTrialSum { client, name, before, after } = sum;
    view! {
        <tr data-testid="trial-sum" data-client=client>
            <Cell label=text!(i18n, clients.client)><Named name/></Cell>
            <Cell label=text!(i18n, clients.before) numeric=true>{format::grouped(before)}</Cell>
            <Cell label=text!(i18n, clients.after) numeric=true>
                <span class=if before == after { "" } else { "font-semibold text-primary" }>{format::grouped(after)}</span>
            </Cell>
        </tr>
    }
}

/// A client's name; those that are not recognised have none.
#[component]
fn Named(name: String) -> impl IntoView {
    let i18n = use_i18n();
    let known = !name.is_empty();
    let shown = move || if known { name.clone() } else { t_string!(i18n, clients.not_recognised).to_owned() };
    view! { <span class=if known { "" } else { "text-base-content/70 italic" }>{shown}</span> }
}

#[component]
fn Alike(row: ClientTrialRow, names: StoredValue<Vec<ClientTrialSum>>) -> impl IntoView {
    let i18n = use_i18n();
    let named = move |client: &str| {
        names.with_value(|all| all.iter().find(|sum| sum.client == client).map(|sum| sum.name.clone()))
    };
    let (before, after) = (named(&row.before).unwrap_or_default(), named(&row.after).unwrap_or_default());
    let headers = row
        .headers
        .iter()
        .map(|(name, value)| view! { <code class="block max-w-md text-xs break-all">{condition(name, value)}</code> })
        .collect_view();
    let nothing = row.headers.is_empty();
    view! {
        <tr data-testid="trial-row">
            <Cell label=text!(i18n, clients.looks)>
                {headers}
                {nothing.then(|| view! { <span class="text-base-content/70">{t!(i18n, clients.no_headers)}</span> })}
            </Cell>
            <Cell label=text!(i18n, clients.requests) numeric=true>{format::grouped(row.requests)}</Cell>
            <Cell label=text!(i18n, clients.before)><Named name=before/></Cell>
            <Cell label=text!(i18n, clients.after)>
                <Named name=after/>
                {(row.refused > 0).then(|| view! {
                    <span class="ml-2"><Badge tone=Tone::Warning>
                        {t!(i18n, clients.of_them_refused, count = format::grouped(row.refused))}
                    </Badge></span>
                })}
            </Cell>
        </tr>
    }
}
