//! What can be done to the keys that are ticked.

use std::collections::BTreeSet;

use causeway_domain::{AddressRules, KeyId, model::ModelPolicy};
use causeway_openapi::{Key, Permission, UpdateKey, UpdateKeys};
use leptos::prelude::*;

use super::{
    Selection,
    form::fields::{end_of, networks, patterns, tags},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        confirm::Confirm,
        dialog::{Actions, Dialog},
        field::{SelectField, TextArea, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

/// For the owner field: nobody, as opposed to "as it is".
const NOBODY: &str = "nobody";

/// The bar above the list; there while anything is ticked.
#[component]
pub(super) fn BatchBar(selection: Selection, keys: Pages<Key>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let (asking, editing) = (RwSignal::new(false), RwSignal::new(false));
    let count = Memo::new(move |_| selection.0.with(BTreeSet::len));
    let ids = move || selection.0.with_untracked(|ids| ids.iter().copied().collect::<Vec<KeyId>>());
    let switch = move |enabled: bool| {
        let change = UpdateKey { enabled: Some(enabled), ..UpdateKey::default() };
        let change = UpdateKeys { ids: ids(), change };
        submission.run(async move { api.change_keys(change).await }, move |changed| {
            toasts.good(tu_string!(i18n, keys.changed_many_toast, count = changed.items.len()));
            selection.0.set(BTreeSet::new());
            keys.reload();
        });
    };
    let remove = move |()| {
        let (ids, number) = (ids(), count.get_untracked());
        submission.run(async move { api.delete_keys(ids).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, keys.deleted_many_toast, count = number));
            selection.0.set(BTreeSet::new());
            keys.reload();
        });
    };
    let select_all = move |()| {
        let first = keys.first.data().map(|page| page.items).unwrap_or_default();
        selection.0.set(first.iter().chain(&keys.rest()).map(|key| key.id).collect());
    };
    view! {
        <Failure error=submission.error/>
        <Show when=move || count.get() != 0>
            <div class="mb-4 flex flex-wrap items-center gap-2 rounded-box border border-base-300 bg-base-100 px-4 py-2" role="toolbar" data-testid="batch-bar">
                <span class="mr-auto text-sm font-medium" aria-live="polite">{move || t_string!(i18n, keys.selected, count = count.get())}</span>
                <Button small=true on_press=select_all testid="select-all">{t!(i18n, keys.select_all)}</Button>
                <Button small=true on_press=move |()| selection.0.set(BTreeSet::new()) testid="select-none">{t!(i18n, common.clear)}</Button>
                <Button small=true on_press=move |()| editing.set(true) testid="edit-many">{t!(i18n, common.edit)}</Button>
                <Button small=true busy=submission.busy on_press=move |()| switch(true) testid="enable-many">{t!(i18n, common.enable)}</Button>
                <Button small=true busy=submission.busy on_press=move |()| switch(false) testid="disable-many">{t!(i18n, common.disable)}</Button>
                <Button small=true kind=Kind::Danger on_press=move |()| asking.set(true) testid="delete-many">{t!(i18n, common.delete)}</Button>
            </div>
        </Show>
        <Confirm
            open=asking
            title=Signal::derive(move || t_string!(i18n, keys.delete_many, count = count.get()))
            text=text!(i18n, keys.delete_text)
            action=text!(i18n, common.delete)
            busy=submission.busy
            on_confirm=remove
        />
        <Dialog open=editing title=Signal::derive(move || t_string!(i18n, keys.edit_many, count = count.get())) wide=true testid="edit-many-dialog">
            <EditMany selection keys open=editing/>
        </Dialog>
    }
}

#[component]
fn EditMany(selection: Selection, keys: Pages<Key>, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let submission = Submission::new();
    let empty = || RwSignal::new(String::new());
    let (tag_text, owner, expires, allow, addresses) = (empty(), empty(), empty(), empty(), empty());
    let hands_over = session.may(Permission::KeysWrite);
    let members = hands_over.then(|| Query::new(move || api.members()));
    let owners = Signal::derive(move || {
        let people = members.and_then(Query::data).map(|page| page.items).unwrap_or_default();
        let fixed = [("", t_string!(i18n, keys.same_owner)), (NOBODY, t_string!(i18n, keys.nobody))];
        let fixed = fixed.map(|(value, label)| (value.to_owned(), label.to_owned()));
        fixed.into_iter().chain(people.into_iter().map(|m| (m.id.to_string(), m.name))).collect::<Vec<_>>()
    });
    let problem = RwSignal::new(None::<String>);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = |field: RwSignal<String>| Some(field.get_untracked()).filter(|t| !t.trim().is_empty());
        let rules = match text(addresses).map(|text| networks(&text)).transpose() {
            Ok(allow) => allow.map(|allow| AddressRules { allow, deny: Vec::new() }),
            Err(bad) => return problem.set(Some(bad.to_string())),
        };
        problem.set(None);
        let change = UpdateKey {
            tags: text(tag_text).map(|text| tags(&text)),
            owner_id: text(owner).map(|owner| owner.parse().ok()),
            expires_at: text(expires).map(|date| end_of(&date)),
            models: text(allow).map(|text| ModelPolicy { allow: patterns(&text), deny: Vec::new() }),
            addresses: rules,
            ..UpdateKey::default()
        };
        let ids = selection.0.with_untracked(|ids| ids.iter().copied().collect());
        submission.run(async move { api.change_keys(UpdateKeys { ids, change }).await }, move |changed| {
            toasts.good(tu_string!(i18n, keys.changed_many_toast, count = changed.items.len()));
            selection.0.set(BTreeSet::new());
            open.set(false);
            keys.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <p class="text-sm text-base-content/80">{t!(i18n, keys.edit_many_text)}</p>
            <Failure error=submission.error/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField label=text!(i18n, keys.tags) hint=text!(i18n, keys.tags_hint) value=tag_text focus=true testid="many-tags"/>
                {hands_over.then(|| view! {
                    <SelectField label=text!(i18n, keys.owner) value=owner options=owners testid="many-owner"/>
                })}
                <TextField label=text!(i18n, keys.expires) value=expires kind="date" testid="many-expires"/>
                <TextArea label=text!(i18n, keys.allow) placeholder="claude-*" value=allow testid="many-allow"/>
                <TextArea
                    label=text!(i18n, keys.addresses_allow)
                    placeholder="192.0.2.0/24"
                    value=addresses
                    error=Signal::derive(move || problem.get())
                    testid="many-addresses"
                />
            </div>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-many">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
