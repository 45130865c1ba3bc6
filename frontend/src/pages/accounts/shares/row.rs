//! One invitation to share in the list, with what can be done to it.

use causeway_openapi::{ResendInvitation, Share, ShareState};
use leptos::prelude::*;

use super::{Sharing, told};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{Locale, t, t_string, td_string, text, tu_string, use_i18n},
        providers::name_of,
        routes,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        copy::CopyButton,
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(share: Share, sharing: Sharing, may_write: Memo<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let Share {
        id,
        email,
        person,
        provider,
        name,
        message,
        state,
        invited_by,
        sent_at,
        mailed,
        expires_at,
        account_id,
        ..
    } = share;
    let waits = matches!(state, ShareState::Open | ShareState::Expired);
    let stranger = person.is_none() && waits;
    let shown = email.clone();
    view! {
        <tr data-testid="share">
            <Cell label=text!(i18n, share.who)>
                {person.map(|person| view! { <div class="font-medium break-words">{person.name}</div> })}
                <div class="text-sm break-all">{shown}</div>
                {stranger.then(|| view! { <div class="text-xs text-base-content/70">{t!(i18n, share.no_member_yet)}</div> })}
                {(!message.is_empty()).then(|| view! {
                    <div class="mt-1 max-w-72 text-xs break-words whitespace-pre-line text-base-content/70">{message}</div>
                })}
            </Cell>
            <Cell label=text!(i18n, share.provider)>
                <div>{move || name_of(sharing.providers, provider)}</div>
                {name.map(|name| view! { <div class="text-xs break-words text-base-content/70">{name}</div> })}
            </Cell>
            <Cell label=text!(i18n, share.state)>
                <Badge tone=tone(state)>{move || state_name(state, i18n.get_locale())}</Badge>
                {account_id.map(|id| view! {
                    <div class="mt-1"><a class="link text-xs" href=format!("{}/{id}", routes::ACCOUNTS)>{t!(i18n, accounts.one)}</a></div>
                })}
            </Cell>
            <Cell label=text!(i18n, share.sent)>
                <div class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(sent_at)>
                    {move || format::moment(sent_at, i18n.get_locale())}
                </div>
                <div class="text-xs text-base-content/70">
                    {move || if mailed { t_string!(i18n, members.mailed) } else { t_string!(i18n, members.handed) }}
                </div>
                {invited_by.map(|by| view! {
                    <div class="text-xs text-base-content/70">
                        {move || t_string!(i18n, members.invited_by, name = by.name.clone())}
                    </div>
                })}
            </Cell>
            <Cell label=text!(i18n, share.expires)>
                {if waits {
                    view! {
                        <span class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(expires_at)>
                            {move || format::moment(expires_at, i18n.get_locale())}
                        </span>
                    }
                    .into_any()
                } else {
                    "—".into_any()
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                {move || (waits && may_write.get()).then(|| view! { <Doings id email=email.clone() sharing/> })}
            </Cell>
        </tr>
    }
}

/// What can be done to one that waits.
#[component]
fn Doings(id: uuid::Uuid, email: String, sharing: Sharing) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let email = StoredValue::new(email);
    let remind = move |()| {
        changing.run(
            async move { api.remind_of_share(id, ResendInvitation::default()).await },
            move |sent| {
                told(sent, sharing, toasts, |email| tu_string!(i18n, share.reminded_toast, name = email));
            },
        );
    };
    let revoke = move |()| {
        changing.run(async move { api.revoke_share(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, share.revoked_toast, email = email.get_value()));
            sharing.pages.reload();
        });
    };
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            asking.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let link = move || sharing.links.with(|links| links.get(&id).cloned());
    view! {
        <div class="flex flex-wrap items-center justify-end gap-1">
            {move || link().map(|link| view! {
                <span class="inline-flex items-center rounded-field border border-base-300 pl-3 text-sm">
                    {t!(i18n, share.copy_link)}
                    <CopyButton text=Signal::stored(link) testid="copy-share-link"/>
                </span>
            })}
            <Button small=true busy=changing.busy on_press=remind testid="remind-share">{t!(i18n, share.remind)}</Button>
            <Button small=true busy=changing.busy on_press=move |()| asking.set(true) testid="revoke-share">{t!(i18n, share.revoke)}</Button>
        </div>
        <Confirm
            open=asking
            title=Signal::derive(move || t_string!(i18n, share.revoke_title, email = email.get_value()))
            text=text!(i18n, share.revoke_text)
            action=text!(i18n, share.revoke)
            busy=changing.busy
            on_confirm=revoke
        />
    }
}

fn tone(state: ShareState) -> Tone {
    match state {
        ShareState::Open => Tone::Info,
        ShareState::Expired => Tone::Warning,
        ShareState::Accepted => Tone::Good,
        ShareState::Declined | ShareState::Revoked => Tone::Neutral,
    }
}

fn state_name(state: ShareState, locale: Locale) -> &'static str {
    match state {
        ShareState::Open => td_string!(locale, share.waiting),
        ShareState::Expired => td_string!(locale, share.expired),
        ShareState::Accepted => td_string!(locale, share.accepted),
        ShareState::Declined => td_string!(locale, share.declined),
        ShareState::Revoked => td_string!(locale, share.revoked),
    }
}
