//! One account: how it has fared, what has failed there, and its scheduled checks.

mod checks;
mod failures;
mod spans;

use std::time::Duration;

use causeway_domain::AccountId;
use causeway_openapi::{ListQuery, Permission};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::{checks::Checks, failures::Failures, spans::Spans};
use super::{
    handing::{HandedLink, Handing, SharedBy, is_others, use_reminder},
    health::Health,
    row::LastTest,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
        query::Query,
        routes,
        session::use_session,
    },
    pages::not_found::NotFound,
    ui::{
        button::Button,
        icon::{Glyph, Icon},
        loaded::{ListSkeleton, Loaded},
        page::{Card, PageHeader},
    },
};

/// How often the figures are read anew.
const LIVE: Duration = Duration::from_secs(15);

/// The page.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let params = use_params_map();
    let account =
        Memo::new(move |_| params.with(|p| p.get("account")).and_then(|id| id.parse::<AccountId>().ok()));
    move || match account.get() {
        None => view! { <NotFound/> }.into_any(),
        Some(id) => view! { <OfAccount id/> }.into_any(),
    }
}

#[component]
fn OfAccount(id: AccountId) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let account = Query::new(move || api.account(id)).every_at_rest(LIVE);
    let record = Query::new(move || api.account_record(id)).every_at_rest(LIVE);
    let checks = Query::new(move || api.account_checks(id)).every_at_rest(LIVE);
    let failures = Pages::new(move |cursor| api.account_failures(id, ListQuery { limit: Some(25), cursor }));
    let people = Query::new(move || api.members());
    let handing = Handing::new();
    let (reminding, remind) = use_reminder(id, handing);
    let may_remind = Memo::new(move |_| {
        account.data().is_some_and(|now| is_others(&now)) && session.may(Permission::AccountsWrite)
    });
    let title = Signal::derive(move || {
        account.data().map_or_else(|| t_string!(i18n, accounts.one).to_owned(), |account| account.name)
    });
    view! {
        <a class="link link-hover mb-3 inline-block text-sm text-base-content/70" href=routes::ACCOUNTS>
            "← "
            {t!(i18n, accounts.title)}
        </a>
        <PageHeader title text=text!(i18n, accounts.one_text)>
            <Show when=move || may_remind.get()>
                <Button busy=reminding.busy on_press=move |()| remind(()) testid="remind-account">
                    <Glyph icon=Icon::Bolt class="size-4"/>
                    {t!(i18n, share.remind)}
                </Button>
            </Show>
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Loaded query=account skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:now>
                <Card>
                    {now.contributed_by.map(|by| view! { <div class="mb-3"><SharedBy by people/></div> })}
                    <div class="grid gap-4 sm:grid-cols-2">
                        <Health account=now.clone()/>
                        <div class="text-sm">
                            <div class="mb-1 text-xs text-base-content/70">{t!(i18n, accounts.last_test)}</div>
                            <LastTest account=now/>
                        </div>
                    </div>
                </Card>
            </Loaded>
            <Loaded query=record skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:told>
                <Spans spans=told.spans/>
            </Loaded>
            <Failures pages=failures/>
            <Loaded query=checks skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:told>
                <Checks told/>
            </Loaded>
        </div>
        <HandedLink handing/>
    }
}
