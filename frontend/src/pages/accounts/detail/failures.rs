//! What has failed at an account, newest first.

use causeway_openapi::{AccountFailure, FailureOutcome};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, td_string, text, tu_string, use_i18n},
        pages::Pages,
        routes,
    },
    pages::accounts::health::cause_name,
    ui::{
        button::Button,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// The card.
#[component]
pub(super) fn Failures(pages: Pages<AccountFailure>) -> impl IntoView {
    let i18n = use_i18n();
    let columns = move || {
        vec![
            Column::text(text!(i18n, accounts.when)),
            Column::text(text!(i18n, accounts.what_failed)),
            Column::text(text!(i18n, accounts.became)),
            Column::text(text!(i18n, accounts.request)),
        ]
    };
    view! {
        <Card title=text!(i18n, accounts.failures) flush=true>
            <div class="flex flex-wrap items-center justify-between gap-3 px-5 pb-3">
                <p class="text-xs text-base-content/70">{t!(i18n, accounts.failures_text)}</p>
                <Button small=true busy=pages.first.busy on_press=move |()| pages.reload() testid="reload-failures">
                    <Glyph icon=Icon::Refresh class="size-4"/>
                    {t!(i18n, accounts.read_again)}
                </Button>
            </div>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Check title=text!(i18n, accounts.no_failures) text=text!(i18n, accounts.no_failures_text)/>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, accounts.failures) columns=columns() testid="account-failures">
                            {page.items.into_iter().map(|failure| view! { <Row failure/> }).collect_view()}
                            <For each=move || pages.rest() key=|failure| failure.id let:failure>
                                <Row failure/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
            <More pages/>
        </Card>
    }
}

#[component]
fn Row(failure: AccountFailure) -> impl IntoView {
    let i18n = use_i18n();
    let AccountFailure {
        at,
        cause,
        status,
        message,
        model,
        request_id,
        became,
        rests_until,
        took_ms,
        instance,
        ..
    } = failure;
    view! {
        <tr data-testid="account-failure">
            <Cell label=text!(i18n, accounts.when)>
                <div class="whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                </div>
                <div class="text-xs text-base-content/70">{format::duration_ms(took_ms)}</div>
            </Cell>
            <Cell label=text!(i18n, accounts.what_failed)>
                <div class="font-medium">
                    {move || cause_name(cause, i18n.get_locale())}
                    {status.map(|status| format!(" ({status})"))}
                </div>
                <div class="max-w-xl text-xs break-words text-base-content/70">{message}</div>
                <div class="font-mono text-xs break-all text-base-content/70">{model}</div>
            </Cell>
            <Cell label=text!(i18n, accounts.became)>
                <div>{move || became_name(became, i18n.get_locale())}</div>
                {rests_until.map(|until| view! {
                    <div class="text-xs text-base-content/70" title=format::moment_exact(until)>
                        {move || tu_string!(i18n, accounts.rested_until, time = format::moment(until, i18n.get_locale()))}
                    </div>
                })}
            </Cell>
            <Cell label=text!(i18n, accounts.request)>
                <a
                    class="link font-mono text-xs break-all"
                    href=format!("{}?request={request_id}", routes::REQUESTS)
                    title=move || tu_string!(i18n, accounts.seen_by, instance = instance.clone())
                >
                    {request_id.to_string()}
                </a>
            </Cell>
        </tr>
    }
}

fn became_name(became: FailureOutcome, locale: Locale) -> &'static str {
    match became {
        FailureOutcome::MovedOn => td_string!(locale, accounts.became_moved_on),
        FailureOutcome::Refreshed => td_string!(locale, accounts.became_refreshed),
        FailureOutcome::GrantDead => td_string!(locale, accounts.became_grant_dead),
        FailureOutcome::GivenUp => td_string!(locale, accounts.became_given_up),
        FailureOutcome::BrokeOff => td_string!(locale, accounts.became_broke_off),
    }
}
