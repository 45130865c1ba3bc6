//! API keys: finding, issuing, limits, what they have used, many at once, and back from the dead.

mod batch;
mod ceilings;
mod filters;
mod form;
mod issued;
mod many;
mod rotate;
mod row;
mod use_of_limits;

use std::collections::BTreeSet;

use causeway_domain::KeyId;
use causeway_openapi::{IssuedKeys, Key, KeyExport, KeyStatus, Permission};
use leptos::prelude::*;

use self::{
    batch::BatchBar,
    filters::{FilterInputs, Filters},
    form::KeyForm,
    issued::Issued,
    many::Many,
    rotate::Rotate,
    row::Row,
};
pub(crate) use self::{
    form::fields::{end_of, multiplier, number, patterns},
    issued::JustIssued,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        notice::Failure,
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
    /// Whether more than one is issued.
    many: RwSignal<bool>,
    issued: RwSignal<bool>,
    /// The keys that were issued together last.
    batch: RwSignal<Option<IssuedKeys>>,
    issued_many: RwSignal<bool>,
    rotate: RwSignal<bool>,
    /// The key whose secret is replaced.
    rotated: RwSignal<Option<Key>>,
}

impl Dialogs {
    fn new() -> Self {
        Self {
            form: RwSignal::new(false),
            edited: RwSignal::new(None),
            many: RwSignal::new(false),
            issued: RwSignal::new(false),
            batch: RwSignal::new(None),
            issued_many: RwSignal::new(false),
            rotate: RwSignal::new(false),
            rotated: RwSignal::new(None),
        }
    }

    fn issue(self, many: bool) {
        self.edited.set(None);
        self.many.set(many);
        self.form.set(true);
    }
}

/// The keys that are ticked.
#[derive(Clone, Copy)]
struct Selection(RwSignal<BTreeSet<KeyId>>);

/// The page.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let filters = Filters::new();
    let keys = Pages::new(move |cursor| {
        let query = filters.query(cursor);
        async move { api.find_keys(query).await }
    });
    let accounts = Query::new(move || api.accounts());
    let dialogs = Dialogs::new();
    let selection = Selection(RwSignal::new(BTreeSet::new()));
    let deleted = Memo::new(move |_| filters.deleted());
    // What is ticked is what is seen.
    Effect::new(move |_| {
        filters.track();
        selection.0.set(BTreeSet::new());
    });
    let may_issue = Memo::new(move |_| session.may(Permission::KeysWriteOwn));
    let issue_button = move |testid: &'static str| {
        view! {
            <Show when=move || may_issue.get()>
                <Button kind=Kind::Primary on_press=move |()| dialogs.issue(false) testid=testid>
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, keys.issue)}
                </Button>
            </Show>
        }
    };
    let exporting = Submission::new();
    let export = move |()| {
        let query = untrack(move || filters.query(None));
        let export =
            KeyExport { owner_id: query.owner_id, tag: query.tag, status: query.status, query: query.query };
        exporting.run(async move { api.export_keys(export).await }, |file| file.save());
    };
    let columns = move || {
        let mut columns = vec![
            Column::text(text!(i18n, keys.name)),
            Column::text(text!(i18n, keys.status)),
            Column::text(text!(i18n, keys.usage)),
            Column::number(text!(i18n, keys.today)),
            Column::text(text!(i18n, keys.last_used)),
            Column::actions(text!(i18n, common.actions)),
        ];
        if may_issue.get() && !deleted.get() {
            columns.insert(0, Column::actions(text!(i18n, keys.selection)));
        }
        columns
    };
    let form_title = Signal::derive(move || {
        if dialogs.edited.with(Option::is_some) {
            t_string!(i18n, keys.edit).to_owned()
        } else if dialogs.many.get() {
            t_string!(i18n, keys.issue_many).to_owned()
        } else {
            t_string!(i18n, keys.issue).to_owned()
        }
    });
    let rotate_title = Signal::derive(move || {
        let name = dialogs.rotated.with(|key| key.as_ref().map(|k| k.name.clone()).unwrap_or_default());
        t_string!(i18n, keys.rotate_title, name = name)
    });
    let nothing = move || {
        if deleted.get() {
            view! {
                <Empty icon=Icon::Trash title=text!(i18n, keys.nothing_deleted) text=text!(i18n, keys.nothing_deleted_text)/>
            }
            .into_any()
        } else if filters.active() {
            view! { <Empty icon=Icon::Search title=text!(i18n, keys.nothing_found) text=text!(i18n, keys.nothing_found_text)/> }
                .into_any()
        } else {
            view! {
                <Empty icon=Icon::Key title=text!(i18n, keys.empty) text=text!(i18n, keys.empty_text)>
                    {issue_button("issue-first-key")}
                </Empty>
            }
            .into_any()
        }
    };
    view! {
        <PageHeader title=text!(i18n, keys.title) text=text!(i18n, keys.text)>
            <Button busy=exporting.busy on_press=export testid="export-keys">
                <Glyph icon=Icon::Download class="size-4"/>
                {t!(i18n, keys.export)}
            </Button>
            <Show when=move || may_issue.get()>
                <Button on_press=move |()| dialogs.issue(true) testid="issue-keys">{t!(i18n, keys.issue_many)}</Button>
            </Show>
            {issue_button("issue-key")}
        </PageHeader>
        <Failure error=exporting.error/>
        <FilterInputs filters/>
        <BatchBar selection keys/>
        <Card flush=true>
            <Loaded query=keys.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    nothing().into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, keys.title) columns=columns() testid="keys">
                            {page.items.into_iter().map(|key| view! { <Row key keys dialogs selection/> }).collect_view()}
                            <For each=move || keys.rest() key=|key| key.id let:key>
                                <Row key keys dialogs selection/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages=keys/>
        <Dialog open=dialogs.form title=form_title wide=true testid="key-dialog">
            <KeyForm dialogs keys accounts/>
        </Dialog>
        <Dialog open=dialogs.issued title=text!(i18n, keys.issued) dismissable=Signal::stored(false) testid="issued-dialog">
            <Issued open=dialogs.issued/>
        </Dialog>
        <Dialog open=dialogs.issued_many title=text!(i18n, keys.issued_many) dismissable=Signal::stored(false) testid="issued-many-dialog">
            {move || dialogs.batch.get().map(|batch| view! { <Many batch open=dialogs.issued_many/> })}
        </Dialog>
        <Dialog open=dialogs.rotate title=rotate_title testid="rotate-dialog">
            {move || dialogs.rotated.get().map(|key| view! { <Rotate key keys open=dialogs.rotate/> })}
        </Dialog>
    }
}

/// Whether a key was deleted.
fn is_deleted(key: &Key) -> bool {
    key.status == KeyStatus::Deleted
}
