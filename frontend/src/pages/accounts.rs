//! Upstream accounts: the credentials that requests are sent with.

mod address;
mod credential;
pub(crate) mod detail;
mod form;
mod grant;
mod handing;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod new;
pub(crate) mod own;
mod row;
mod shares;
mod test;

use std::time::Duration;

use causeway_openapi::{Account, AccountTest, Member, Page, Permission};
use leptos::prelude::*;

use self::{
    form::AccountForm,
    handing::{HandedLink, Handing},
    row::Row,
    shares::{InviteToShare, Shares, Sharing},
    test::TestOutcome,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        providers::Providers,
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        button::Button,
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// How often the list is read anew.
const LIVE: Duration = Duration::from_secs(3);

/// What the page's dialogs are about. One of each at a time.
#[derive(Clone, Copy)]
struct Dialogs {
    providers: Providers,
    form: RwSignal<bool>,
    /// The account that is edited.
    edited: RwSignal<Option<Account>>,
    outcome: RwSignal<bool>,
    tested: RwSignal<Option<(String, AccountTest)>>,
    handing: Handing,
    /// Who shares which of them.
    people: Query<Page<Member>>,
}

/// The page.
#[component]
pub(crate) fn Accounts() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let accounts = Query::new(move || api.accounts()).every_at_rest(LIVE);
    let dialogs = Dialogs {
        providers: Query::new(move || api.providers()),
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        outcome: RwSignal::new(false),
        tested: RwSignal::new(None),
        handing: Handing::new(),
        people: Query::new(move || api.members()),
    };
    let sharing = Sharing::new(dialogs.providers, dialogs.handing);
    let may_write = Memo::new(move |_| session.may(Permission::AccountsWrite));
    let add_button = move |testid: &'static str| {
        view! {
            <Show when=move || may_write.get()>
                <a class="btn btn-primary" href=routes::NEW_ACCOUNT data-testid=testid>
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, accounts.add)}
                </a>
            </Show>
        }
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, accounts.name)),
            Column::text(text!(i18n, accounts.provider)),
            Column::text(text!(i18n, accounts.status)),
            Column::text(text!(i18n, accounts.last_test)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, accounts.title) text=text!(i18n, accounts.text)>
            <Show when=move || may_write.get()>
                <a class="btn btn-outline border-base-300 bg-base-100" href=routes::IMPORT_ACCOUNTS data-testid="import-accounts">
                    {t!(i18n, account_import.open)}
                </a>
                <Button on_press=move |()| sharing.inviting.set(true) testid="invite-to-share">
                    <Glyph icon=Icon::Share class="size-4"/>
                    {t!(i18n, share.invite)}
                </Button>
            </Show>
            {add_button("add-account")}
        </PageHeader>
        <Card flush=true>
            <Loaded query=accounts skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Plug title=text!(i18n, accounts.empty) text=text!(i18n, accounts.empty_text)>
                            {add_button("add-first-account")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, accounts.title) columns=columns() testid="accounts">
                            {page
                                .items
                                .into_iter()
                                .map(|account| view! { <Row account accounts dialogs may_write/> })
                                .collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <Shares sharing may_write/>
        <Dialog open=sharing.inviting title=text!(i18n, share.invite_title) wide=true testid="share-dialog">
            <InviteToShare sharing/>
        </Dialog>
        <HandedLink handing=dialogs.handing/>
        <Dialog open=dialogs.form title=text!(i18n, accounts.edit) wide=true testid="account-dialog">
            <AccountForm dialogs accounts/>
        </Dialog>
        <Dialog open=dialogs.outcome title=text!(i18n, accounts.test_outcome) testid="test-dialog">
            {move || dialogs.tested.get().map(|(name, test)| view! { <TestOutcome name test open=dialogs.outcome/> })}
        </Dialog>
    }
}
