//! Pools: upstream accounts that serve the same keys, and how they are chosen among.

mod form;
mod row;

use causeway_openapi::{Account, Page, Permission, Pool};
use leptos::prelude::*;

use self::{form::PoolForm, row::Row};
use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
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
use causeway_domain::pool::Strategy;

/// What the page's dialog is about.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// The pool that is edited; none while one is made.
    edited: RwSignal<Option<Pool>>,
}

/// The page.
#[component]
pub(crate) fn Pools() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let pools = Query::new(move || api.pools());
    let accounts = Query::new(move || api.accounts());
    let dialogs = Dialogs { form: RwSignal::new(false), edited: RwSignal::new(None) };
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
                    {t!(i18n, pools.add)}
                </Button>
            </Show>
        }
    };
    let title = Signal::derive(move || {
        if dialogs.edited.with(Option::is_some) {
            t_string!(i18n, pools.edit).to_owned()
        } else {
            t_string!(i18n, pools.add).to_owned()
        }
    });
    view! {
        <PageHeader title=text!(i18n, pools.title) text=text!(i18n, pools.text)>
            {add_button("add-pool")}
        </PageHeader>
        <Card flush=true>
            <Loaded query=pools skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Plug title=text!(i18n, pools.empty) text=text!(i18n, pools.empty_text)>
                            {add_button("add-first-pool")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! { <List page pools accounts dialogs may_write/> }.into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title wide=true testid="pool-dialog">
            {move || dialogs.form.get().then(|| view! { <PoolForm dialogs pools accounts/> })}
        </Dialog>
    }
}

#[component]
fn List(
    page: Page<Pool>,
    pools: Query<Page<Pool>>,
    accounts: Query<Page<Account>>,
    dialogs: Dialogs,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, pools.name)),
        Column::text(text!(i18n, pools.strategy)),
        Column::text(text!(i18n, pools.accounts)),
        Column::number(text!(i18n, pools.keys)),
        Column::actions(text!(i18n, common.actions)),
    ];
    view! {
        <Table caption=text!(i18n, pools.title) columns testid="pools">
            {page
                .items
                .into_iter()
                .map(|pool| view! { <Row pool pools accounts dialogs may_write/> })
                .collect_view()}
        </Table>
    }
}

/// A strategy's name.
pub(crate) fn strategy_name(strategy: Strategy, locale: Locale) -> &'static str {
    match strategy {
        Strategy::RoundRobin => td_string!(locale, pools.round_robin),
        Strategy::Weighted => td_string!(locale, pools.weighted),
        Strategy::LeastBusy => td_string!(locale, pools.least_busy),
        Strategy::FillFirst => td_string!(locale, pools.fill_first),
        Strategy::Priority => td_string!(locale, pools.priority),
        Strategy::MostQuota => td_string!(locale, pools.most_quota),
        Strategy::ActiveFirst => td_string!(locale, pools.active_first),
    }
}

/// What it means.
fn strategy_text(strategy: Strategy, locale: Locale) -> &'static str {
    match strategy {
        Strategy::RoundRobin => td_string!(locale, pools.round_robin_text),
        Strategy::Weighted => td_string!(locale, pools.weighted_text),
        Strategy::LeastBusy => td_string!(locale, pools.least_busy_text),
        Strategy::FillFirst => td_string!(locale, pools.fill_first_text),
        Strategy::Priority => td_string!(locale, pools.priority_text),
        Strategy::MostQuota => td_string!(locale, pools.most_quota_text),
        Strategy::ActiveFirst => td_string!(locale, pools.active_first_text),
    }
}
