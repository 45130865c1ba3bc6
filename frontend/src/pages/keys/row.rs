//! One key in the list, with what can be done to it.

use causeway_openapi::{Key, KeyStatus, Permission, UpdateKey};
use leptos::prelude::*;

use super::{Dialogs, Selection, is_deleted, use_of_limits::UseOfLimits};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        routes,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(key: Key, keys: Pages<Key>, dialogs: Dialogs, selection: Selection) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let (id, enabled) = (key.id, key.enabled);
    let name = StoredValue::new(key.name.clone());
    let owner = key.owner.as_ref().map(|owner| owner.id);
    let may_write = Memo::new(move |_| {
        let own = session.member().is_some_and(|member| Some(member.user.id) == owner);
        session.may(Permission::KeysWrite) || own && session.may(Permission::KeysWriteOwn)
    });
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let switch = move |()| {
        let change = UpdateKey { enabled: Some(!enabled), ..UpdateKey::default() };
        changing.run(async move { api.change_key(id, change).await }, move |_| {
            toasts.good(if enabled {
                tu_string!(i18n, keys.disabled_toast, name = name.get_value())
            } else {
                tu_string!(i18n, keys.enabled_toast, name = name.get_value())
            });
            keys.reload();
        });
    };
    let remove = move |()| {
        changing.run(async move { api.delete_key(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, keys.deleted_toast, name = name.get_value()));
            keys.reload();
        });
    };
    let restore = move |()| {
        changing.run(async move { api.restore_key(id).await }, move |key: Key| {
            if key.missing_pool_ids.is_empty() {
                toasts.good(tu_string!(i18n, keys.restored_toast, name = name.get_value()));
            } else {
                toasts.bad(tu_string!(i18n, keys.restored_without_pools, name = name.get_value()));
            }
            keys.reload();
        });
    };
    let deleted = is_deleted(&key);
    let rotated = StoredValue::new(key.clone());
    let rotate = move |()| {
        dialogs.rotated.set(Some(rotated.get_value()));
        dialogs.rotate.set(true);
    };
    let tick = move |on: bool| {
        selection.0.update(|ids| {
            if on {
                ids.insert(id);
            } else {
                ids.remove(&id);
            }
        });
    };
    let selectable = session.may(Permission::KeysWriteOwn) && !deleted;
    let device = key.device.clone();
    let tags = key.tags.clone();
    let edited = StoredValue::new(key.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.get_value()));
        dialogs.form.set(true);
    };
    let owner_name = key.owner.as_ref().map(|owner| owner.name.clone());
    let usage = key.usage.clone();
    let prefix = key.prefix.clone();
    let status = key.clone();
    view! {
        <tr data-testid="key">
            {selectable.then(|| view! {
                <Cell label=text!(i18n, keys.selection)>
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm"
                        aria-label=text!(i18n, keys.select, name = name.get_value())
                        data-testid="select-key"
                        disabled=move || !may_write.get()
                        prop:checked=move || selection.0.with(|ids| ids.contains(&id))
                        on:change=move |event| tick(event_target_checked(&event))
                    />
                </Cell>
            })}
            <Cell label=text!(i18n, keys.name)>
                <div class="font-medium break-words">{name.get_value()}</div>
                <div class="text-xs text-base-content/70">
                    <span class="font-mono">{prefix}"…"</span>
                    {owner_name.map(|name| format!(" · {name}"))}
                    {(!device.is_empty()).then(|| format!(" · {device}"))}
                </div>
                {(!tags.is_empty()).then(|| view! {
                    <ul class="mt-1 flex flex-wrap gap-1">
                        {tags.into_iter().map(|tag| view! { <li class="badge badge-soft badge-neutral badge-sm">{tag}</li> }).collect_view()}
                    </ul>
                })}
                <Show when=move || edited.with_value(|key| !key.description.is_empty())>
                    <div class="mt-0.5 text-xs text-base-content/70 break-words">{edited.get_value().description}</div>
                </Show>
            </Cell>
            <Cell label=text!(i18n, keys.status)><Status key=status/></Cell>
            <Cell label=text!(i18n, keys.usage)><UseOfLimits key/></Cell>
            <Cell label=text!(i18n, keys.today) numeric=true>
                <div class="font-medium" title=format::dollars_exact(usage.cost_usd_today)>
                    {format::dollars(usage.cost_usd_today)}
                </div>
                <div class="text-xs text-base-content/70 whitespace-nowrap">
                    {t!(i18n, keys.requests_count, count = format::compact(usage.requests_today))}
                </div>
            </Cell>
            <Cell label=text!(i18n, keys.last_used)>
                {match usage.last_used_at {
                    None => view! { <span class="text-sm text-base-content/70">{t!(i18n, keys.never_used)}</span> }.into_any(),
                    Some(at) => view! {
                        <span class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                            {move || format::moment(at, i18n.get_locale())}
                        </span>
                    }
                    .into_any(),
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex items-center justify-end gap-1">
                    <a
                        class="btn btn-ghost btn-sm btn-square"
                        href=format!("{}?key_id={id}", routes::REQUESTS)
                        aria-label=text!(i18n, keys.requests_of, name = name.get_value())
                        title=text!(i18n, keys.requests_of, name = name.get_value())
                    >
                        <Glyph icon=Icon::List class="size-4"/>
                    </a>
                    <Show when=move || may_write.get() && deleted>
                        <Button small=true busy=changing.busy on_press=restore testid="restore-key">{t!(i18n, keys.restore)}</Button>
                    </Show>
                    <Show when=move || may_write.get() && !deleted>
                        <Menu
                            label=text!(i18n, common.more_actions, name = name.get_value())
                            face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                            testid="key-menu"
                        >
                            <MenuItem on_press=edit testid="edit-key">
                                <Glyph icon=Icon::Edit class="size-4"/>
                                {t!(i18n, common.edit)}
                            </MenuItem>
                            <MenuItem on_press=rotate testid="rotate-key">
                                <Glyph icon=Icon::Refresh class="size-4"/>
                                {t!(i18n, keys.rotate)}
                            </MenuItem>
                            <MenuItem on_press=switch testid="switch-key">
                                <Glyph icon=Icon::Power class="size-4"/>
                                {move || if enabled { t_string!(i18n, common.disable) } else { t_string!(i18n, common.enable) }}
                            </MenuItem>
                            <MenuItem on_press=move |()| asking.set(true) danger=true testid="delete-key">
                                <Glyph icon=Icon::Trash class="size-4"/>
                                {t!(i18n, common.delete)}
                            </MenuItem>
                        </Menu>
                    </Show>
                </div>
                <Confirm
                    open=asking
                    title=text!(i18n, keys.delete_title, name = name.get_value())
                    text=text!(i18n, keys.delete_text)
                    action=text!(i18n, common.delete)
                    busy=changing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}

/// Whether the key works, and until when.
#[component]
fn Status(key: Key) -> impl IntoView {
    let i18n = use_i18n();
    let (tone, label) = match key.status {
        KeyStatus::Active => (Tone::Good, text!(i18n, keys.active)),
        KeyStatus::Disabled => (Tone::Neutral, text!(i18n, common.disabled)),
        KeyStatus::Expired => (Tone::Warning, text!(i18n, keys.expired)),
        KeyStatus::Deleted => (Tone::Neutral, text!(i18n, keys.deleted)),
    };
    let waits = key.expires_after_first_use_days.filter(|_| key.first_used_at.is_none());
    view! {
        <Badge tone dot=true>{move || label.get()}</Badge>
        {key.deleted_at.map(|at| view! {
            <div class="mt-0.5 text-xs text-base-content/70 whitespace-nowrap" title=format::moment_exact(at)>
                {move || t_string!(i18n, keys.deleted_at, moment = format::moment(at, i18n.get_locale()))}
            </div>
        })}
        {key.ends_at.map(|at| view! {
            <div class="mt-0.5 text-xs text-base-content/70 whitespace-nowrap" title=format::moment_exact(at)>
                {move || t_string!(i18n, keys.until, moment = format::moment(at, i18n.get_locale()))}
            </div>
        })}
        {(!key.missing_pool_ids.is_empty() && key.deleted_at.is_none()).then(|| view! {
            <div class="mt-0.5 text-xs text-warning">{t!(i18n, keys.pools_gone)}</div>
        })}
        {waits.map(|days| view! {
            <div class="mt-0.5 text-xs text-base-content/70">{t!(i18n, keys.first_use_waits, days = days)}</div>
        })}
        {key.previous.filter(|old| old.works).map(|old| view! {
            <div class="mt-0.5 text-xs text-base-content/70" title=format::moment_exact(old.until)>
                {t!(i18n, keys.secret_before)}" "<span class="font-mono">{old.prefix}"…"</span>" "
                {move || t_string!(i18n, keys.works_until, moment = format::moment(old.until, i18n.get_locale()))}
            </div>
        })}
    }
}
