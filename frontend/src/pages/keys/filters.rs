//! Which keys the page shows.

use causeway_openapi::{KeyQuery, KeyStatus, Permission};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        field::{SelectField, TextField},
        tabs::Tabs,
    },
};

const PAGE: u16 = 100;

/// What is chosen and typed.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    deleted: RwSignal<bool>,
    owner: RwSignal<String>,
    tag: RwSignal<String>,
    status: RwSignal<String>,
    text: RwSignal<String>,
    /// Typing settles first.
    typed: Signal<(String, String)>,
}

impl Filters {
    pub(super) fn new() -> Self {
        let (tag, text) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let typed = leptos_use::signal_debounced(Signal::derive(move || (tag.get(), text.get())), 350.0);
        Self {
            deleted: RwSignal::new(false),
            owner: RwSignal::new(String::new()),
            tag,
            status: RwSignal::new(String::new()),
            text,
            typed,
        }
    }

    /// Whether deleted keys are shown.
    pub(super) fn deleted(self) -> bool {
        self.deleted.get()
    }

    /// Depends on everything that is chosen.
    pub(super) fn track(self) {
        let _ = self.query(None);
    }

    /// Whether anything is chosen.
    pub(super) fn active(self) -> bool {
        self.query(None) != KeyQuery { limit: Some(PAGE), ..KeyQuery::default() }
    }

    /// As the server is asked.
    pub(super) fn query(self, cursor: Option<String>) -> KeyQuery {
        let (tag, text) = self.typed.get();
        let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        KeyQuery {
            owner_id: self.owner.get().parse().ok(),
            tag: given(tag),
            status: if self.deleted.get() {
                Some(KeyStatus::Deleted)
            } else {
                serde_json::from_value(self.status.get().into()).ok()
            },
            query: given(text),
            limit: Some(PAGE),
            cursor,
        }
    }

    fn clear(self) {
        for field in [self.owner, self.tag, self.status, self.text] {
            field.set(String::new());
        }
    }
}

/// In use or deleted, and the filters.
#[component]
pub(super) fn FilterInputs(filters: Filters) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    // A member has own keys only, so there is nobody to choose.
    let sees_all = session.may(Permission::KeysWrite);
    let members = sees_all.then(|| Query::new(move || api.members()));
    let owners = Signal::derive(move || {
        let all = (String::new(), t_string!(i18n, common.all).to_owned());
        let people = members.and_then(Query::data).map(|page| page.items).unwrap_or_default();
        std::iter::once(all).chain(people.into_iter().map(|m| (m.id.to_string(), m.name))).collect::<Vec<_>>()
    });
    let states = Signal::derive(move || {
        [
            ("", t_string!(i18n, keys.any_state)),
            ("active", t_string!(i18n, keys.active)),
            ("disabled", t_string!(i18n, common.disabled)),
            ("expired", t_string!(i18n, keys.expired)),
        ]
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .to_vec()
    });
    view! {
        <form class="mb-4 flex flex-wrap items-end gap-3" role="search" on:submit=|event| event.prevent_default()>
            <Tabs
                label=text!(i18n, keys.status)
                value=filters.deleted
                options=vec![(false, text!(i18n, keys.kept)), (true, text!(i18n, keys.deleted))]
                testid="keys-tabs"
            />
            <div class="grid grow grid-cols-2 items-end gap-3 lg:grid-cols-4">
                <TextField label=text!(i18n, keys.search) value=filters.text kind="search" testid="filter-text"/>
                <TextField label=text!(i18n, keys.tag) value=filters.tag testid="filter-tag"/>
                {sees_all.then(|| view! {
                    <SelectField label=text!(i18n, keys.owner) value=filters.owner options=owners testid="filter-owner"/>
                })}
                <Show when=move || !filters.deleted.get()>
                    <SelectField label=text!(i18n, keys.status) value=filters.status options=states testid="filter-status"/>
                </Show>
            </div>
            <Show when=move || filters.active()>
                <button type="button" class="btn btn-ghost" on:click=move |_| filters.clear()>{t!(i18n, common.clear)}</button>
            </Show>
        </form>
    }
}
