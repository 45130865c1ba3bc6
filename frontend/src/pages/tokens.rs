//! API tokens: how programs use the admin API.

mod form;
mod issued;
mod row;
mod scopes;

use causeway_openapi::{IssuedToken, Permission};
use leptos::prelude::*;

use self::{form::TokenForm, issued::Issued, row::Row};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
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

/// The page's dialogs. One of each at a time.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// Shown once, right after it was made.
    issued: RwSignal<Option<IssuedToken>>,
    issued_open: RwSignal<bool>,
}

/// The page.
#[component]
pub(crate) fn Tokens() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let tokens = Query::new(move || api.tokens());
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        issued: RwSignal::new(None),
        issued_open: RwSignal::new(false),
    };
    // Once the dialog is closed the token is gone, here too.
    Effect::new(move |_| {
        if !dialogs.issued_open.get() {
            dialogs.issued.set(None);
        }
    });
    let everybodys = session.may(Permission::TokensManage);
    let make = move |testid: &'static str| {
        view! {
            <Button kind=Kind::Primary on_press=move |()| dialogs.form.set(true) testid=testid>
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, tokens.make)}
            </Button>
        }
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, tokens.name)),
            Column::text(text!(i18n, tokens.status)),
            Column::text(text!(i18n, tokens.scopes)),
            Column::text(text!(i18n, tokens.last_used)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, tokens.title) text=text!(i18n, tokens.text)>{make("make-token")}</PageHeader>
        <Card flush=true>
            <Loaded query=tokens skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Code title=text!(i18n, tokens.empty) text=text!(i18n, tokens.empty_text)>
                            {make("make-first-token")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, tokens.title) columns=columns() testid="tokens">
                            {page.items.into_iter().map(|token| view! { <Row token tokens everybodys/> }).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title=text!(i18n, tokens.make) wide=true testid="token-dialog">
            <TokenForm dialogs tokens/>
        </Dialog>
        <Dialog
            open=dialogs.issued_open
            title=text!(i18n, tokens.issued)
            wide=true
            dismissable=Signal::stored(false)
            testid="token-issued-dialog"
        >
            {move || dialogs.issued.get().map(|issued| view! { <Issued issued open=dialogs.issued_open/> })}
        </Dialog>
    }
}
