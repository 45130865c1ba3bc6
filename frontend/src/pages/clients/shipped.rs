//! The rules that come with Causeway, and the clients that are known by now.

use causeway_domain::ClientRule;
use causeway_openapi::{ClientRuleSet, KnownClient};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, text, use_i18n},
    },
    ui::{
        badge::{Badge, Tone},
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// A rule's conditions as people read them.
pub(super) fn condition(header: &str, matches: &str) -> String {
    format!("{header}: {matches}")
}

/// Both lists.
#[component]
pub(super) fn Shipped(set: ClientRuleSet) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, clients.name)),
        Column::text(text!(i18n, clients.id)),
        Column::number(text!(i18n, clients.keys)),
    ];
    let rules = vec![Column::text(text!(i18n, clients.name)), Column::text(text!(i18n, clients.when))];
    let version = set.shipped_version;
    view! {
        <Card title=text!(i18n, clients.known) flush=true>
            <Table caption=text!(i18n, clients.known) columns testid="known-clients">
                {set.clients.into_iter().map(|client| view! { <Known client/> }).collect_view()}
            </Table>
        </Card>
        <Card title=text!(i18n, clients.shipped) flush=true>
            <p class="px-5 pb-3 text-sm text-base-content/70">{t!(i18n, clients.shipped_text, version = version)}</p>
            <Table caption=text!(i18n, clients.shipped) columns=rules testid="shipped-rules">
                {set.shipped.into_iter().map(|rule| view! { <RuleRow rule/> }).collect_view()}
            </Table>
        </Card>
    }
}

#[component]
fn Known(client: KnownClient) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <tr data-testid="known-client">
            <Cell label=text!(i18n, clients.name)>
                <span class="font-medium">{client.name}</span>
                {(!client.recognised).then(|| view! {
                    <span class="ml-2"><Badge tone=Tone::Warning>{t!(i18n, clients.unknown)}</Badge></span>
                })}
            </Cell>
            <Cell label=text!(i18n, clients.id)><code class="text-xs">{client.client}</code></Cell>
            <Cell label=text!(i18n, clients.keys) numeric=true>{format::grouped(client.keys)}</Cell>
        </tr>
    }
}

#[component]
fn RuleRow(rule: ClientRule) -> impl IntoView {
    let i18n = use_i18n();
    let conditions = rule.when.into_iter().map(|c| {
        view! { <code class="block text-xs break-all">{condition(&c.header, &c.matches)}</code> }
    });
    view! {
        <tr>
            <Cell label=text!(i18n, clients.name)>{rule.name}</Cell>
            <Cell label=text!(i18n, clients.when)>{conditions.collect_view()}</Cell>
        </tr>
    }
}
