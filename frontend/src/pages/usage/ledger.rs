//! Whether usage is being written: how far behind it is, and what could not be written.

use std::time::Duration;

use causeway_openapi::{Ledger, LedgerInstallation};
use leptos::prelude::*;

use super::letters::{Letters, TenantLetters};
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        dialog::Dialog,
        loaded::{ListSkeleton, Loaded},
        page::Card,
    },
};

const REFRESH: Duration = Duration::from_secs(10);

/// Older than this is late: usage is written within a second or two.
const LATE_SECONDS: u64 = 60;

/// The panel.
#[component]
pub(super) fn LedgerPanel() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let ledger = Query::new(move || api.ledger()).every(REFRESH);
    let open = RwSignal::new(false);
    let all_open = RwSignal::new(false);
    view! {
        <Card title=text!(i18n, usage.ledger)>
            <div data-testid="ledger">
                <Loaded query=ledger skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:ledger>
                    <Standing ledger open all_open/>
                </Loaded>
            </div>
        </Card>
        <Dialog open title=text!(i18n, usage.dead_letters) wide=true testid="dead-letters-dialog"><Letters/></Dialog>
        <Dialog open=all_open title=text!(i18n, usage.dead_letters) wide=true testid="tenant-letters-dialog">
            <TenantLetters ledger/>
        </Dialog>
    }
}

#[component]
fn Fact(#[prop(into)] label: Signal<String>, children: Children) -> impl IntoView {
    view! {
        <div class="min-w-0">
            <dt class="text-xs text-base-content/70">{move || label.get()}</dt>
            <dd class="mt-0.5 text-sm font-medium tabular-nums">{children()}</dd>
        </div>
    }
}

#[component]
fn Standing(ledger: Ledger, open: RwSignal<bool>, all_open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let (behind, letters) = (ledger.behind_seconds, ledger.dead_letters);
    let moment = move |at: Option<chrono::DateTime<chrono::Utc>>| {
        move || at.map_or_else(|| "—".to_owned(), |at| format::moment(at, i18n.get_locale()))
    };
    view! {
        <dl class="grid grid-cols-2 gap-4 lg:grid-cols-4">
            <Fact label=text!(i18n, usage.ledger_behind)><Behind seconds=behind/></Fact>
            <Fact label=text!(i18n, usage.dead_letters)>
                <span class="flex items-center gap-2">
                    <Badge tone=if letters == 0 { Tone::Good } else { Tone::Bad }>
                        <span data-testid="dead-letters">{format::grouped(letters)}</span>
                    </Badge>
                    {(letters > 0).then(|| view! {
                        <Button small=true on_press=move |()| open.set(true) testid="show-dead-letters">
                            {t!(i18n, usage.show)}
                        </Button>
                    })}
                </span>
            </Fact>
            <Fact label=text!(i18n, usage.newest_request)>{moment(ledger.newest_request_at)}</Fact>
            <Fact label=text!(i18n, usage.newest_sum)>{moment(ledger.newest_sum_at)}</Fact>
        </dl>
        {ledger.installation.map(|whole| view! { <Installation whole open=all_open/> })}
    }
}

#[component]
fn Behind(seconds: u64) -> impl IntoView {
    let i18n = use_i18n();
    let tone = match seconds {
        0..5 => Tone::Good,
        5..LATE_SECONDS => Tone::Neutral,
        _ => Tone::Bad,
    };
    view! {
        <Badge tone>
            {if seconds < 5 {
                t!(i18n, usage.up_to_date).into_any()
            } else {
                format::duration_ms(seconds.saturating_mul(1000)).into_any()
            }}
        </Badge>
    }
}

/// What those see who run the installation.
#[component]
fn Installation(whole: LedgerInstallation, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let months = whole.partitions;
    let bytes: u64 = months.iter().map(|m| m.bytes).sum();
    let count = months.len();
    let span = match (months.first(), months.iter().rev().nth(1)) {
        (Some(first), Some(last)) => format!("{} … {}", first.name, last.name),
        _ => String::new(),
    };
    view! {
        <h3 class="mt-5 mb-3 border-t border-base-300 pt-4 text-xs font-medium text-base-content/70">
            {t!(i18n, usage.installation)}
        </h3>
        <dl class="grid grid-cols-2 gap-4 lg:grid-cols-4">
            <Fact label=text!(i18n, usage.unwritten)>
                <span class="flex items-center gap-2">{format::grouped(whole.unwritten)}<Behind seconds=whole.behind_seconds/></span>
            </Fact>
            <Fact label=text!(i18n, usage.dead_letters)>
                <span class="flex items-center gap-2">
                    <Badge tone=if whole.dead_letters == 0 { Tone::Good } else { Tone::Bad }>
                        <span data-testid="all-dead-letters">{format::grouped(whole.dead_letters)}</span>
                    </Badge>
                    {(whole.dead_letters > 0).then(|| view! {
                        <Button small=true on_press=move |()| open.set(true) testid="settle-dead-letters">
                            {t!(i18n, usage.settle)}
                        </Button>
                    })}
                </span>
            </Fact>
            <Fact label=text!(i18n, usage.instances)>{format::grouped(whole.instances)}</Fact>
            <Fact label=text!(i18n, usage.partitions)>
                <span title=span>{format!("{count} · {}B", format::compact(bytes))}</span>
            </Fact>
        </dl>
    }
}
