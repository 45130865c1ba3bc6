//! One member in the list, with what can be done to them.

use causeway_domain::Role;
use causeway_openapi::{Member, Page, Permission};
use leptos::prelude::*;

use super::{
    Dialogs,
    rescue::{NewPassword, WithoutSecondFactor},
    role_name,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        limits::Words,
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(member: Member, members: Query<Page<Member>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let shown = StoredValue::new(member.clone());
    let open = move |dialog: RwSignal<bool>| {
        dialogs.member.set(Some(shown.get_value()));
        dialog.set(true);
    };
    let Member { id, name, email, role, limits, keys, usage, .. } = member;
    let label = name.clone();
    let is_me = Memo::new(move |_| session.member().is_some_and(|me| me.user.id == id));
    let tone = if role >= Role::Admin { Tone::Info } else { Tone::Neutral };
    view! {
        <tr data-testid="member">
            <Cell label=text!(i18n, members.name)>
                <div class="flex flex-wrap items-center gap-2">
                    <span class="font-medium break-words">{name}</span>
                    <Show when=move || is_me.get()><Badge tone=Tone::Neutral>{t!(i18n, members.you)}</Badge></Show>
                </div>
                <div class="text-xs text-base-content/70 break-all">{email}</div>
            </Cell>
            <Cell label=text!(i18n, members.role)>
                <Badge tone>{move || role_name(role, i18n.get_locale())}</Badge>
            </Cell>
            <Cell label=text!(i18n, members.keys) numeric=true>{format::grouped(keys)}</Cell>
            <Cell label=text!(i18n, members.today) numeric=true>
                <div class="font-medium" title=format::dollars_exact(usage.cost_usd_today)>
                    {format::dollars(usage.cost_usd_today)}
                </div>
                <div class="text-xs text-base-content/70 whitespace-nowrap">
                    {t!(i18n, keys.requests_count, count = format::compact(usage.requests_today))}
                </div>
            </Cell>
            <Cell label=text!(i18n, members.limits)><div class="sm:max-w-64"><Words limits/></div></Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex items-center justify-end gap-1">
                    <Button
                        small=true
                        on_press=move |()| open(dialogs.limits)
                        label=Signal::derive(move || t_string!(i18n, members.limits_of, name = label.clone()))
                        testid="member-limits"
                    >
                        {t!(i18n, members.limits)}
                    </Button>
                    <More shown members on_role=Callback::new(move |()| open(dialogs.role))/>
                </div>
            </Cell>
        </tr>
    }
}

/// The menu, for who may use any of it: nobody changes somebody who is more than they are themselves.
#[component]
fn More(shown: StoredValue<Member>, members: Query<Page<Member>>, on_role: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let changing = Submission::new();
    let (removing, transferring) = (RwSignal::new(false), RwSignal::new(false));
    let (resetting, disarming) = (RwSignal::new(false), RwSignal::new(false));
    let (id, role) = shown.with_value(|member| (member.id, member.role));
    let name = StoredValue::new(shown.with_value(|member| member.name.clone()));
    let reaches = Memo::new(move |_| {
        session.may(Permission::MembersWrite) && session.member().is_some_and(|me| me.role >= role)
    });
    // A link for a new password is as good as the account, so it is for members of a lower role only.
    let may_rescue = Memo::new(move |_| reaches.get() && session.member().is_some_and(|me| me.role > role));
    let is_me = move || session.member().is_some_and(|me| me.user.id == id);
    let may_transfer =
        Memo::new(move |_| session.may(Permission::OrganizationTransfer) && role != Role::Owner);
    let remove = move |()| {
        changing.run(async move { api.remove_member(id).await }, move |()| {
            removing.set(false);
            toasts.good(tu_string!(i18n, members.removed_toast, name = name.get_value()));
            members.reload();
        });
    };
    let transfer = move |()| {
        // The page is opened anew: the caller's own rights are others now.
        changing.run(async move { api.transfer(id).await }, |_| routes::start_over());
    };
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            removing.set(false);
            transferring.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    view! {
        <Show when=move || reaches.get()>
            <Menu
                label=Signal::derive(move || t_string!(i18n, common.more_actions, name = name.get_value()))
                face=view! { <Glyph icon=Icon::Menu class="size-4"/> }.into_any()
                testid="member-menu"
            >
                <MenuItem on_press=on_role testid="change-role">
                    <Glyph icon=Icon::People class="size-4"/>
                    {t!(i18n, members.change_role)}
                </MenuItem>
                <Show when=move || may_rescue.get()>
                    <MenuItem on_press=move |()| resetting.set(true) testid="reset-link">
                        <Glyph icon=Icon::Key class="size-4"/>
                        {t!(i18n, members.reset_link)}
                    </MenuItem>
                    <MenuItem on_press=move |()| disarming.set(true) testid="remove-totp">
                        <Glyph icon=Icon::Screen class="size-4"/>
                        {t!(i18n, members.totp_remove)}
                    </MenuItem>
                </Show>
                <Show when=move || may_transfer.get()>
                    <MenuItem on_press=move |()| transferring.set(true) testid="transfer">
                        <Glyph icon=Icon::Building class="size-4"/>
                        {t!(i18n, members.transfer)}
                    </MenuItem>
                </Show>
                <Show when=move || !is_me()>
                    <MenuItem danger=true on_press=move |()| removing.set(true) testid="remove-member">
                        <Glyph icon=Icon::Trash class="size-4"/>
                        {t!(i18n, members.remove)}
                    </MenuItem>
                </Show>
            </Menu>
        </Show>
        <NewPassword id name open=resetting/>
        <WithoutSecondFactor id name open=disarming/>
        <Confirm
            open=removing
            title=Signal::derive(move || t_string!(i18n, members.remove_title, name = name.get_value()))
            text=text!(i18n, members.remove_text)
            action=text!(i18n, members.remove)
            busy=changing.busy
            on_confirm=remove
        />
        <Confirm
            open=transferring
            title=Signal::derive(move || t_string!(i18n, members.transfer_title, name = name.get_value()))
            text=text!(i18n, members.transfer_text)
            action=text!(i18n, members.transfer_action)
            busy=changing.busy
            on_confirm=transfer
        />
    }
}
