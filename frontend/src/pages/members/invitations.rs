//! Invitations that nobody has accepted yet.

use causeway_openapi::{Invitation, Page, ResendInvitation};
use chrono::Utc;
use leptos::prelude::*;

use super::{Dialogs, invite::told, role_name};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        loaded::{ListSkeleton, Loaded},
        page::Card,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Invitations(invitations: Query<Page<Invitation>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let columns = move || {
        vec![
            Column::text(text!(i18n, members.email)),
            Column::text(text!(i18n, members.role)),
            Column::text(text!(i18n, members.expires)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <Card title=text!(i18n, members.invitations) flush=true>
            <Loaded query=invitations skeleton=|| view! { <ListSkeleton rows=1/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! { <p class="px-5 pb-5 text-sm text-base-content/70">{t!(i18n, members.no_invitations)}</p> }.into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, members.invitations) columns=columns() testid="invitations">
                            {page.items.into_iter().map(|invitation| view! { <Row invitation invitations dialogs/> }).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(invitation: Invitation, invitations: Query<Page<Invitation>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let Invitation { id, email, role, invited_by, mailed, expires_at, .. } = invitation;
    let email = StoredValue::new(email);
    let resend = move |()| {
        changing.run(
            async move { api.resend_invitation(id, ResendInvitation::default()).await },
            move |sent| {
                invitations.reload();
                told(sent, dialogs, toasts, |email| tu_string!(i18n, members.invited_toast, email = email));
            },
        );
    };
    let revoke = move |()| {
        changing.run(async move { api.revoke_invitation(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, members.revoked_toast, email = email.get_value()));
            invitations.reload();
        });
    };
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    view! {
        <tr data-testid="invitation">
            <Cell label=text!(i18n, members.email)>
                <div class="font-medium break-all">{email.get_value()}</div>
                {invited_by.map(|by| view! {
                    <div class="text-xs text-base-content/70">
                        {move || t_string!(i18n, members.invited_by, name = by.name.clone())}
                    </div>
                })}
            </Cell>
            <Cell label=text!(i18n, members.role)>
                <div class="flex flex-wrap gap-2">
                    <Badge tone=Tone::Neutral>{move || role_name(role, i18n.get_locale())}</Badge>
                    <Badge tone=Tone::Info>
                        {move || if mailed { t_string!(i18n, members.mailed) } else { t_string!(i18n, members.handed) }}
                    </Badge>
                </div>
            </Cell>
            <Cell label=text!(i18n, members.expires)>
                {if expires_at <= Utc::now() {
                    view! { <Badge tone=Tone::Warning>{t!(i18n, members.expired)}</Badge> }.into_any()
                } else {
                    view! {
                        <span class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(expires_at)>
                            {move || format::moment(expires_at, i18n.get_locale())}
                        </span>
                    }
                    .into_any()
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex flex-wrap items-center justify-end gap-1">
                    <Button small=true busy=changing.busy on_press=resend testid="resend">{t!(i18n, members.resend)}</Button>
                    <Button small=true busy=changing.busy on_press=move |()| asking.set(true) testid="revoke">{t!(i18n, members.revoke)}</Button>
                </div>
                <Confirm
                    open=asking
                    title=Signal::derive(move || t_string!(i18n, members.revoke_title, email = email.get_value()))
                    text=text!(i18n, members.revoke_text)
                    action=text!(i18n, members.revoke)
                    busy=changing.busy
                    on_confirm=revoke
                />
            </Cell>
        </tr>
    }
}
