//! What a person lends to the organisation: invitations that wait for them, and their accounts. The one page of whoever does
//! nothing else here.

mod account;
mod follow;
mod invitations;

use std::time::Duration;

use causeway_domain::AccountId;
use causeway_openapi::{Account, AccountTest};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use self::{
    account::OwnAccount,
    follow::{Follow, Renewal},
    invitations::Invitations,
};
use super::test::TestOutcome;
use crate::{
    core::{
        api::use_api,
        error::ApiError,
        i18n::{text, use_i18n},
        providers::Providers,
        query::Query,
        routes,
    },
    ui::{
        dialog::Dialog,
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
    },
};

/// How often it is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// What the address asks for. An id that is none leads to the same answer as one that nobody has.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    List,
    Invitation(Option<Uuid>),
    Renewal(Option<AccountId>),
}

/// The page, or the steps of one invitation or account, where a link leads to them.
#[component]
pub(crate) fn SharedAccounts() -> impl IntoView {
    let query = use_query_map();
    let place = Memo::new(move |_| {
        query.with(|query| match (query.get("invitation"), query.get("renew")) {
            (Some(id), _) => Place::Invitation(id.parse().ok()),
            (None, Some(id)) => Place::Renewal(id.parse().ok()),
            (None, None) => Place::List,
        })
    });
    move || match place.get() {
        Place::List => view! { <List/> }.into_any(),
        Place::Invitation(id) => view! { <Follow id/> }.into_any(),
        Place::Renewal(id) => view! { <Renewal id/> }.into_any(),
    }
}

/// Where an invitation is followed.
fn following(id: Uuid) -> String {
    format!("{}?invitation={id}", routes::SHARE)
}

/// Where an account is renewed.
fn renewing(id: AccountId) -> String {
    format!("{}?renew={id}", routes::SHARE)
}

/// What the list shares with its cards.
#[derive(Clone, Copy)]
struct Shown {
    providers: Providers,
    outcome: RwSignal<bool>,
    tested: RwSignal<Option<(String, AccountTest)>>,
}

#[component]
fn List() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let all = Query::new(move || async move {
        let invitations = api.own_shares().await?;
        let accounts = api.own_accounts().await?;
        Ok::<_, ApiError>((invitations, accounts))
    })
    .every_at_rest(LIVE);
    let shown = Shown {
        providers: Query::new(move || api.providers()),
        outcome: RwSignal::new(false),
        tested: RwSignal::new(None),
    };
    let reload = Callback::new(move |()| all.reload());
    view! {
        <PageHeader title=text!(i18n, share.title) text=text!(i18n, share.text)/>
        <Loaded query=all skeleton=|| view! { <Card flush=true><ListSkeleton rows=3/></Card> }.into_any() let:found>
            {
                let (invitations, accounts) = found;
                let nothing = invitations.is_empty() && accounts.is_empty();
                view! {
                    <div class="flex flex-col gap-6">
                        <Invitations invitations shown reload/>
                        <Accounts accounts shown reload/>
                        {nothing.then(|| view! {
                            <Card><Empty icon=Icon::Share title=text!(i18n, share.empty) text=text!(i18n, share.empty_text)/></Card>
                        })}
                    </div>
                }
            }
        </Loaded>
        <Dialog open=shown.outcome title=text!(i18n, accounts.test_outcome) testid="test-dialog">
            {move || shown.tested.get().map(|(name, test)| view! { <TestOutcome name test open=shown.outcome/> })}
        </Dialog>
    }
}

#[component]
fn Accounts(accounts: Vec<Account>, shown: Shown, reload: Callback<()>) -> impl IntoView {
    (!accounts.is_empty()).then(|| {
        view! {
            <ul class="grid gap-4 xl:grid-cols-2" data-testid="own-accounts">
                {accounts.into_iter().map(|account| view! { <OwnAccount account shown reload/> }).collect_view()}
            </ul>
        }
    })
}
