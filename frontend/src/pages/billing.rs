//! What the organisation has paid and used: balance, credits, statements by month.

mod entries;
mod figures;
mod redeem;
mod statement;

use causeway_openapi::Permission;
use leptos::prelude::*;

use self::redeem::RedeemForm;
pub(crate) use self::{
    entries::{Entries, kind_name, page},
    figures::BalanceFigures,
    statement::Statements,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        pages::Pages,
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::Loaded,
        page::PageHeader,
    },
};

/// Rows of a ledger read at once.
pub(crate) const PAGE: u16 = 25;

/// The page.
#[component]
pub(crate) fn Billing() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let balance = Query::new(move || api.balance());
    let entries = Pages::new(move |cursor| api.credits(None, page(cursor)));
    let redeeming = RwSignal::new(false);
    let may_redeem = Memo::new(move |_| session.may(Permission::BillingWrite));
    view! {
        <PageHeader title=text!(i18n, billing.title) text=text!(i18n, billing.text)>
            <Show when=move || may_redeem.get()>
                <Button kind=Kind::Primary on_press=move |()| redeeming.set(true) testid="redeem">
                    <Glyph icon=Icon::Ticket class="size-4"/>
                    {t!(i18n, billing.redeem)}
                </Button>
            </Show>
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Loaded query=balance skeleton=|| view! { <div class="skeleton h-32"></div> }.into_any() let:balance>
                <BalanceFigures balance/>
            </Loaded>
            <Statements org=None/>
            <Entries pages=entries/>
        </div>
        <Dialog open=redeeming title=text!(i18n, billing.redeem) testid="redeem-dialog">
            <RedeemForm open=redeeming balance entries/>
        </Dialog>
    }
}
