//! Who has registered and waits to be let in. Not shown while there is nobody.

use std::time::Duration;

use causeway_openapi::{Member, Page, RegistrationRequest};
use leptos::prelude::*;

use super::role_name;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        page::Card,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// How often the list is read anew.
const LIVE: Duration = Duration::from_secs(15);

/// The card.
#[component]
pub(super) fn Requests(members: Query<Page<Member>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let requests = Query::new(move || api.registrations()).every(LIVE);
    let columns = move || {
        vec![
            Column::text(text!(i18n, members.name)),
            Column::text(text!(i18n, members.role)),
            Column::text(text!(i18n, members.asked)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    move || {
        let page = requests.data().filter(|page| !page.items.is_empty())?;
        Some(view! {
            <Card title=text!(i18n, members.requests) flush=true>
                <p class="px-5 pb-3 text-sm text-base-content/70">{t!(i18n, members.requests_text)}</p>
                <Table caption=text!(i18n, members.requests) columns=columns() testid="registrations">
                    {page.items.into_iter().map(|request| view! { <Row request requests members/> }).collect_view()}
                </Table>
            </Card>
        })
    }
}

#[component]
fn Row(
    request: RegistrationRequest,
    requests: Query<Page<RegistrationRequest>>,
    members: Query<Page<Member>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let RegistrationRequest { id, name, email, role, link, address, created_at } = request;
    let shown = StoredValue::new(name.clone());
    let decide = move |approve: bool| {
        changing.run(async move { api.decide(id, approve).await }, move |()| {
            toasts.good(if approve {
                tu_string!(i18n, members.approved_toast, name = shown.get_value())
            } else {
                tu_string!(i18n, members.refused_toast, name = shown.get_value())
            });
            requests.reload();
            members.reload();
        });
    };
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    view! {
        <tr data-testid="registration">
            <Cell label=text!(i18n, members.name)>
                <div class="font-medium break-words">{name}</div>
                <div class="text-xs text-base-content/70 break-all">{email}" · "{address}</div>
            </Cell>
            <Cell label=text!(i18n, members.role)>
                <Badge tone=Tone::Neutral>{move || role_name(role, i18n.get_locale())}</Badge>
                <div class="mt-1 text-xs text-base-content/70 break-words">{link}</div>
            </Cell>
            <Cell label=text!(i18n, members.asked)>
                <span class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(created_at)>
                    {move || format::moment(created_at, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex flex-wrap items-center justify-end gap-1">
                    <Button small=true kind=Kind::Primary busy=changing.busy on_press=move |()| decide(true) testid="approve">{t!(i18n, members.approve)}</Button>
                    <Button small=true busy=changing.busy on_press=move |()| decide(false) testid="refuse">{t!(i18n, members.refuse)}</Button>
                </div>
            </Cell>
        </tr>
    }
}
