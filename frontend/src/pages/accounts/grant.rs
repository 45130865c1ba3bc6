//! How an account is signed in: until when, whether it was renewed, and why it is no longer accepted.

use causeway_openapi::{Account, CredentialKind, CredentialState};
use leptos::prelude::*;

use super::new::Facts;
use crate::{
    core::{
        format,
        i18n::{t, t_string, use_i18n},
        routes,
    },
    ui::{
        badge::{Badge, Tone},
        icon::{Glyph, Icon},
        notice::Notice,
    },
};

/// What the board says of it: nothing as long as there is nothing to mind.
#[component]
pub(super) fn Grant(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let dead = account.credential_state == CredentialState::Dead;
    let authorised = account.credential_kind == CredentialKind::Oauth;
    let reason = account.credential_reason;
    let ends = account.credential_expires_at.filter(|_| authorised && !dead);
    view! {
        <div class="flex min-w-0 flex-col gap-1 text-xs empty:hidden max-sm:items-end" data-testid="account-grant">
            {dead.then(|| view! { <div><Badge tone=Tone::Bad dot=true>{t!(i18n, onboarding.grant_dead)}</Badge></div> })}
            {reason.map(|reason| view! { <div class="break-words" data-testid="grant-reason">{reason}</div> })}
            {ends.map(|at| view! {
                <div class="text-base-content/70" title=format::moment_exact(at)>
                    {move || t_string!(i18n, onboarding.grant_until, time = format::moment(at, i18n.get_locale()))}
                </div>
            })}
        </div>
    }
}

/// All of it, where an account is looked at, with the way to authorise it again.
#[component]
pub(super) fn GrantDetail(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let dead = account.credential_state == CredentialState::Dead;
    let (ends, refreshed, reason) =
        (account.credential_expires_at, account.refreshed_at, account.credential_reason);
    let id = account.id;
    let moment = move |label: &'static str, at: chrono::DateTime<chrono::Utc>| {
        view! {
            <dt class="text-base-content/70">{label}</dt>
            <dd title=format::moment_exact(at)>{format::moment(at, i18n.get_locale_untracked())}</dd>
        }
    };
    view! {
        <section class="rounded-box bg-base-200 px-4 py-3" data-testid="grant">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h3 class="text-sm font-semibold">{t!(i18n, onboarding.grant)}</h3>
                <a class="btn btn-sm" class=("btn-primary", dead) href=again(id) data-testid="authorise-again">
                    <Glyph icon=Icon::Refresh class="size-4"/>
                    {t!(i18n, onboarding.authorise_again)}
                </a>
            </div>
            {account.identity.map(|identity| view! { <Facts identity/> })}
            <dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm empty:hidden">
                {move || ends.map(|at| moment(t_string!(i18n, onboarding.grant_ends), at))}
                {move || refreshed.map(|at| moment(t_string!(i18n, onboarding.grant_refreshed), at))}
            </dl>
            {reason.map(|reason| view! {
                <div class="mt-3">
                    <Notice tone=if dead { Tone::Bad } else { Tone::Warning }>
                        {move || if dead { t_string!(i18n, onboarding.grant_dead) } else { t_string!(i18n, onboarding.grant_not_refreshed) }}
                        " "
                        <span class="font-medium break-words" data-testid="grant-reason">{reason}</span>
                    </Notice>
                </div>
            })}
        </section>
    }
}

/// Where an account is authorised again.
pub(super) fn again(id: causeway_domain::AccountId) -> String {
    format!("{}?again={id}", routes::NEW_ACCOUNT)
}
