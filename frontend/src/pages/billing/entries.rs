//! The ledger of credits.

use causeway_domain::{CreditKind, Nanos};
use causeway_openapi::{CreditEntry, ListQuery};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t_string, td_string, text, use_i18n},
        pages::Pages,
    },
    ui::{
        badge::{Badge, Tone},
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// A page of the ledger after `cursor`.
pub(crate) fn page(cursor: Option<String>) -> ListQuery {
    ListQuery { limit: Some(super::PAGE), cursor }
}

/// The entries, newest first.
#[component]
pub(crate) fn Entries(pages: Pages<CreditEntry>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div>
            <Card flush=true title=text!(i18n, billing.entries)>
                <Loaded query=pages.first skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:page>
                    {if page.items.is_empty() {
                        view! {
                            <Empty icon=Icon::Wallet title=text!(i18n, billing.no_entries) text=text!(i18n, billing.no_entries_text)/>
                        }
                        .into_any()
                    } else {
                        view! {
                            <EntryTable>
                                {page.items.into_iter().map(|entry| view! { <Row entry/> }).collect_view()}
                                <For each=move || pages.rest() key=|entry| entry.id let:entry>
                                    <Row entry/>
                                </For>
                            </EntryTable>
                        }
                        .into_any()
                    }}
                </Loaded>
            </Card>
            <More pages/>
        </div>
    }
}

/// The table around rows of entries.
#[component]
pub(crate) fn EntryTable(children: Children) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, billing.at)),
        Column::text(text!(i18n, billing.kind)),
        Column::text(text!(i18n, billing.note)),
        Column::text(text!(i18n, billing.by)),
        Column::number(text!(i18n, billing.amount)),
    ];
    view! { <Table caption=text!(i18n, billing.entries) columns testid="entries">{children()}</Table> }
}

/// One entry.
#[component]
pub(crate) fn Row(entry: CreditEntry) -> impl IntoView {
    let i18n = use_i18n();
    let CreditEntry { at, kind, amount_usd, note, actor, code, .. } = entry;
    let is_system = actor.kind == "system";
    let by = move || match (actor.kind.as_str(), actor.name.as_str()) {
        ("system", _) => t_string!(i18n, billing.by_system).to_owned(),
        ("operator" | "cli", "") => t_string!(i18n, billing.by_operator).to_owned(),
        ("operator", name) => format!("{name} ({})", t_string!(i18n, billing.by_operator)),
        (_, name) => name.to_owned(),
    };
    let said = move || match &code {
        Some(code) => t_string!(i18n, billing.by_code, code = code.clone()),
        // The one note that the product writes itself.
        None if is_system => t_string!(i18n, billing.before_prepaid).to_owned(),
        None => note.clone(),
    };
    let tone = match kind {
        CreditKind::Credit | CreditKind::Redeem => Tone::Good,
        CreditKind::Refund => Tone::Warning,
        CreditKind::Adjustment => Tone::Neutral,
    };
    view! {
        <tr data-testid="entry">
            <Cell label=text!(i18n, billing.at)>
                <span class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(at)>{format::dated(at)}</span>
            </Cell>
            <Cell label=text!(i18n, billing.kind)>
                <Badge tone>{move || kind_name(kind, i18n.get_locale())}</Badge>
            </Cell>
            <Cell label=text!(i18n, billing.note)><span class="text-sm break-words">{said}</span></Cell>
            <Cell label=text!(i18n, billing.by)><span class="text-sm">{by}</span></Cell>
            <Cell label=text!(i18n, billing.amount) numeric=true>
                <span
                    class="font-medium"
                    class:text-error=amount_usd < Nanos::ZERO
                    title=format::dollars_exact(amount_usd)
                >
                    {format::dollars_signed(amount_usd)}
                </span>
            </Cell>
        </tr>
    }
}

/// A kind of entry in words.
pub(crate) fn kind_name(kind: CreditKind, locale: Locale) -> &'static str {
    match kind {
        CreditKind::Credit => td_string!(locale, billing.kind_credit),
        CreditKind::Adjustment => td_string!(locale, billing.kind_adjustment),
        CreditKind::Redeem => td_string!(locale, billing.kind_redeem),
        CreditKind::Refund => td_string!(locale, billing.kind_refund),
    }
}
