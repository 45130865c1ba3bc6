//! Proxies: what upstream accounts are reached through, how each stands, and who names it.

pub(crate) mod choice;
mod form;
mod row;
mod tested;

use causeway_openapi::{Page, Permission, Proxy, ProxyTest};
use leptos::prelude::*;

use self::{form::ProxyForm, row::Row, tested::Tested};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// What the page's dialogs are about.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// The proxy that is edited; none while one is added.
    edited: RwSignal<Option<Proxy>>,
    outcome: RwSignal<bool>,
    /// The proxy that was tested, by name, and what came of it.
    tested: RwSignal<Option<(String, ProxyTest)>>,
}

/// The page.
#[component]
pub(crate) fn Proxies() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let proxies = Query::new(move || api.proxies());
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        outcome: RwSignal::new(false),
        tested: RwSignal::new(None),
    };
    let may_write = Memo::new(move |_| session.may(Permission::AccountsWrite));
    let add = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    let add_button = move |testid: &'static str| {
        view! {
            <Show when=move || may_write.get()>
                <Button kind=Kind::Primary on_press=add testid=testid>
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, proxies.add)}
                </Button>
            </Show>
        }
    };
    let title = Signal::derive(move || {
        if dialogs.edited.with(Option::is_some) {
            t_string!(i18n, proxies.edit).to_owned()
        } else {
            t_string!(i18n, proxies.add).to_owned()
        }
    });
    view! {
        <PageHeader title=text!(i18n, proxies.title) text=text!(i18n, proxies.text)>
            {add_button("add-proxy")}
        </PageHeader>
        <Card flush=true>
            <Loaded query=proxies skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Plug title=text!(i18n, proxies.empty) text=text!(i18n, proxies.empty_text)>
                            {add_button("add-first-proxy")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! { <List page proxies dialogs may_write/> }.into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title testid="proxy-dialog">
            {move || dialogs.form.get().then(|| view! { <ProxyForm dialogs proxies/> })}
        </Dialog>
        <Dialog open=dialogs.outcome title=text!(i18n, proxies.test_title) testid="proxy-test-dialog">
            {move || {
                dialogs.tested.get().map(|(name, test)| view! { <Tested name test open=dialogs.outcome/> })
            }}
        </Dialog>
    }
}

#[component]
fn List(
    page: Page<Proxy>,
    proxies: Query<Page<Proxy>>,
    dialogs: Dialogs,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, proxies.name)),
        Column::text(text!(i18n, proxies.status)),
        Column::text(text!(i18n, proxies.used_by)),
        Column::text(text!(i18n, proxies.last_test)),
        Column::actions(text!(i18n, common.actions)),
    ];
    view! {
        <Table caption=text!(i18n, proxies.title) columns testid="proxies">
            {page
                .items
                .into_iter()
                .map(|proxy| view! { <Row proxy proxies dialogs may_write/> })
                .collect_view()}
        </Table>
    }
}
