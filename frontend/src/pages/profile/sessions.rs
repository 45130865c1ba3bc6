//! Where one is signed in, and ending that.

use causeway_openapi::OwnSession;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        error::ApiError,
        form::Submission,
        format,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let sessions = Query::new(move || api.own_sessions());
    let submission = Submission::new();
    let done = move |()| {
        toasts.good(t_string!(i18n, profile.ended_toast));
        sessions.reload();
    };
    let end_others = move |()| submission.run(async move { api.end_other_sessions().await }, done);
    let columns = move || {
        vec![
            Column::text(text!(i18n, profile.device)),
            Column::text(text!(i18n, profile.address)),
            Column::text(text!(i18n, profile.since)),
            Column::text(text!(i18n, profile.seen)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <Card title=text!(i18n, profile.sessions) flush=true>
            <div class="px-5 pb-4"><Failure error=submission.error/></div>
            <Loaded query=sessions skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:rows>
                {
                    let alone = rows.len() < 2;
                    view! {
                        <Table caption=text!(i18n, profile.sessions) columns=columns() testid="sessions">
                            {rows.into_iter().map(|session| view! { <Row session sessions submission/> }).collect_view()}
                        </Table>
                        <div class="flex justify-end p-4" class:hidden=alone>
                            <Button on_press=end_others busy=submission.busy testid="end-all">{t!(i18n, profile.end_all)}</Button>
                        </div>
                    }
                }
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(session: OwnSession, sessions: Query<Vec<OwnSession>>, submission: Submission) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let own = use_session();
    let toasts = use_toasts();
    let OwnSession { id, browser, system, address, created_at, last_seen_at, current } = session;
    let device = StoredValue::new((browser, system));
    let named =
        move |locale: Locale| device.with_value(|(browser, system)| device_name(browser, system, locale));
    let end = move |()| {
        submission.run(
            async move {
                api.end_session(id).await?;
                Ok::<_, ApiError>(())
            },
            move |()| {
                if current {
                    own.forget();
                } else {
                    toasts.good(t_string!(i18n, profile.ended_toast));
                    sessions.reload();
                }
            },
        );
    };
    view! {
        <tr data-testid="session">
            <Cell label=text!(i18n, profile.device)>
                <div class="flex flex-wrap items-center gap-2">
                    <span class="font-medium break-words">{move || named(i18n.get_locale())}</span>
                    {current.then(|| view! { <Badge tone=Tone::Good>{t!(i18n, profile.current)}</Badge> })}
                </div>
            </Cell>
            <Cell label=text!(i18n, profile.address)><span class="font-mono text-xs break-all">{address}</span></Cell>
            <Cell label=text!(i18n, profile.since)>{move || format::moment(created_at, i18n.get_locale())}</Cell>
            <Cell label=text!(i18n, profile.seen)>{move || format::moment(last_seen_at, i18n.get_locale())}</Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Button
                    small=true
                    on_press=end
                    busy=submission.busy
                    label=Signal::derive(move || t_string!(i18n, profile.end_of, device = named(i18n.get_locale())))
                    testid="end-session"
                >
                    {t!(i18n, profile.end)}
                </Button>
            </Cell>
        </tr>
    }
}

fn device_name(browser: &str, system: &str, locale: Locale) -> String {
    match (browser.is_empty(), system.is_empty()) {
        (true, true) => td_string!(locale, profile.unknown_device).to_owned(),
        (false, false) => {
            td_string!(locale, profile.device_on, browser = browser.to_owned(), system = system.to_owned())
        }
        (_, true) => browser.to_owned(),
        (true, _) => system.to_owned(),
    }
}
