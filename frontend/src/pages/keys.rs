//! API keys: issuing, limits, what they have used.

mod form;
mod issued;
mod row;
mod use_of_limits;

use causeway_openapi::{Key, Permission};
use leptos::prelude::*;

use self::{form::KeyForm, issued::Issued, row::Row};
pub(crate) use self::{
    form::fields::{end_of, multiplier},
    issued::JustIssued,
};
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

/// The page's dialogs. One of each at a time.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// The key that is edited; none while one is issued.
    edited: RwSignal<Option<Key>>,
    issued: RwSignal<bool>,
}

/// The page.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let keys = Query::new(move || api.keys());
    let accounts = Query::new(move || api.accounts());
    let dialogs =
        Dialogs { form: RwSignal::new(false), edited: RwSignal::new(None), issued: RwSignal::new(false) };
    let may_issue = Memo::new(move |_| session.may(Permission::KeysWriteOwn));
    let issue = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    let issue_button = move |testid: &'static str| {
        view! {
            <Show when=move || may_issue.get()>
                <Button kind=Kind::Primary on_press=issue testid=testid>
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, keys.issue)}
                </Button>
            </Show>
        }
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, keys.name)),
            Column::text(text!(i18n, keys.status)),
            Column::text(text!(i18n, keys.usage)),
            Column::number(text!(i18n, keys.today)),
            Column::text(text!(i18n, keys.last_used)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let form_title = Signal::derive(move || {
        if dialogs.edited.with(Option::is_some) {
            t_string!(i18n, keys.edit).to_owned()
        } else {
            t_string!(i18n, keys.issue).to_owned()
        }
    });
    view! {
        <PageHeader title=text!(i18n, keys.title) text=text!(i18n, keys.text)>{issue_button("issue-key")}</PageHeader>
        <Card flush=true>
            <Loaded query=keys skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Key title=text!(i18n, keys.empty) text=text!(i18n, keys.empty_text)>
                            {issue_button("issue-first-key")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, keys.title) columns=columns() testid="keys">
                            {page.items.into_iter().map(|key| view! { <Row key keys dialogs/> }).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title=form_title wide=true testid="key-dialog">
            <KeyForm dialogs keys accounts/>
        </Dialog>
        <Dialog open=dialogs.issued title=text!(i18n, keys.issued) dismissable=Signal::stored(false) testid="issued-dialog">
            <Issued open=dialogs.issued/>
        </Dialog>
    }
}
