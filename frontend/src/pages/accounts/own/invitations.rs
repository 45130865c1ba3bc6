//! Invitations that wait for the person: who asks for what, until when, and the two answers.

use causeway_openapi::Share;
use leptos::prelude::*;

use super::{Shown, following};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        providers::name_of,
    },
    ui::{
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        toast::use_toasts,
    },
};

/// All of them; nothing where nobody asks.
#[component]
pub(super) fn Invitations(invitations: Vec<Share>, shown: Shown, reload: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    (!invitations.is_empty()).then(|| {
        view! {
            <section class="flex flex-col gap-4" aria-label=move || t_string!(i18n, share.invitations)>
                {invitations.into_iter().map(|share| view! { <Invitation share shown reload/> }).collect_view()}
            </section>
        }
    })
}

#[component]
fn Invitation(share: Share, shown: Shown, reload: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let declining = Submission::new();
    let asking = RwSignal::new(false);
    let Share { id, provider, name, base_url, message, invited_by, expires_at, .. } = share;
    let decline = move |()| {
        declining.run(async move { api.decline_share(id).await }, move |()| {
            asking.set(false);
            toasts.good(t_string!(i18n, share.declined_toast));
            reload.run(());
        });
    };
    Effect::new(move |_| {
        if let Some(error) = declining.error.get() {
            asking.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
            reload.run(());
        }
    });
    let title = move || {
        let provider = name_of(shown.providers, provider);
        match &invited_by {
            Some(by) => t_string!(i18n, share.invites_you, name = by.name.clone(), provider = provider),
            None => t_string!(i18n, share.asked, provider = provider),
        }
    };
    view! {
        <article class="min-w-0 rounded-box border border-primary/40 bg-primary/5 p-5" data-testid="own-invitation">
            <h2 class="flex items-start gap-2 font-semibold">
                <Glyph icon=Icon::Share class="mt-0.5 size-5 shrink-0 text-primary"/>
                <span class="min-w-0 break-words">{title}</span>
            </h2>
            {(!message.is_empty()).then(|| view! {
                <p class="mt-3 text-sm break-words whitespace-pre-line" data-testid="invitation-message">{message}</p>
            })}
            <dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm empty:hidden">
                {name.map(|name| view! {
                    <dt class="text-base-content/70">{t!(i18n, share.called)}</dt>
                    <dd class="min-w-0 break-words">{name}</dd>
                })}
                {base_url.map(|address| view! {
                    <dt class="text-base-content/70">{t!(i18n, share.goes_to)}</dt>
                    <dd class="min-w-0 font-mono break-all">{address}</dd>
                })}
            </dl>
            <div class="mt-4 flex flex-wrap items-center gap-3">
                <a class="btn btn-primary btn-sm" href=following(id) data-testid="follow-invitation">{t!(i18n, share.share_one)}</a>
                <Button small=true busy=declining.busy on_press=move |()| asking.set(true) testid="decline-invitation">
                    {t!(i18n, share.decline)}
                </Button>
                <span class="text-xs text-base-content/70" title=format::moment_exact(expires_at)>
                    {move || t_string!(i18n, share.good_until, time = format::moment(expires_at, i18n.get_locale()))}
                </span>
            </div>
            <Confirm
                open=asking
                title=text!(i18n, share.decline_title)
                text=text!(i18n, share.decline_text)
                action=text!(i18n, share.decline)
                busy=declining.busy
                on_confirm=decline
            />
        </article>
    }
}
