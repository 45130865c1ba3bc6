//! An account of one's own, or one that one looks after: how it stands, and what can be done to it.

use causeway_openapi::{Account, CredentialState};
use leptos::prelude::*;

use super::{Shown, renewing};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, text, tu_string, use_i18n},
        providers::name_of,
        session::use_session,
    },
    pages::accounts::{health::Health, new::Facts, row::LastTest},
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn OwnAccount(account: Account, shown: Shown, reload: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let me = untrack(move || session.member()).map(|me| me.user.id);
    let mine = account.contributed_by.is_some() && account.contributed_by == me;
    let (id, provider) = (account.id, account.provider);
    let dead = account.credential_state == CredentialState::Dead;
    let name = StoredValue::new(account.name.clone());
    let (hint, ends, tested) =
        (account.credential_hint.clone(), account.credential_expires_at, account.clone());
    let identity = account.identity.clone();
    view! {
        <li class="flex min-w-0 flex-col gap-4 rounded-box border border-base-300 bg-base-100 p-5 shadow-xs" data-testid="own-account">
            <div class="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
                <div class="min-w-0">
                    <h2 class="font-semibold break-words">{name.get_value()}</h2>
                    <p class="text-sm text-base-content/70">
                        {move || name_of(shown.providers, provider)}
                        " · "
                        <span class="font-mono text-xs">{hint}</span>
                    </p>
                </div>
                {if mine {
                    view! { <Badge tone=Tone::Info>{t!(i18n, share.mine)}</Badge> }.into_any()
                } else {
                    view! { <Badge tone=Tone::Neutral>{t!(i18n, share.looked_after)}</Badge> }.into_any()
                }}
            </div>
            {(!mine).then(|| view! { <p class="text-sm text-base-content/70">{t!(i18n, share.looked_after_text)}</p> })}
            <Standing account/>
            {identity.map(|identity| view! { <div class="-mt-3"><Facts identity/></div> })}
            <div class="grid gap-4 text-sm sm:grid-cols-2">
                <div>
                    <div class="mb-1 text-xs text-base-content/70">{t!(i18n, accounts.last_test)}</div>
                    <LastTest account=tested/>
                </div>
                {ends.map(|at| view! {
                    <div>
                        <div class="mb-1 text-xs text-base-content/70">{t!(i18n, share.ends)}</div>
                        <span title=format::moment_exact(at)>{move || format::moment(at, i18n.get_locale())}</span>
                    </div>
                })}
            </div>
            <div class="mt-auto flex flex-wrap items-center gap-2 border-t border-base-300 pt-4">
                <a
                    class="btn btn-sm"
                    class=("btn-primary", dead)
                    href=renewing(id)
                    aria-label=text!(i18n, share.renew_of, name = name.get_value())
                    data-testid="renew-own"
                >
                    <Glyph icon=Icon::Key class="size-4"/>
                    {t!(i18n, share.renew)}
                </a>
                <Doings id name mine shown reload/>
            </div>
        </li>
    }
}

/// Whether it works; if not, why.
#[component]
fn Standing(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let dead = account.credential_state == CredentialState::Dead;
    let reason = account.credential_reason.clone();
    view! {
        <div class="flex flex-col items-start gap-1.5" data-testid="own-standing">
            {if dead {
                view! { <Badge tone=Tone::Bad dot=true>{t!(i18n, share.needs_renewal)}</Badge> }.into_any()
            } else {
                view! { <Health account/> }.into_any()
            }}
            {reason.map(|reason| view! { <p class="text-sm break-words" data-testid="grant-reason">{reason}</p> })}
        </div>
    }
}

/// Testing and withdrawing.
#[component]
fn Doings(
    id: causeway_domain::AccountId,
    name: StoredValue<String>,
    mine: bool,
    shown: Shown,
    reload: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let (testing, withdrawing) = (Submission::new(), Submission::new());
    let asking = RwSignal::new(false);
    let test = move |()| {
        testing.run(async move { api.test_own_account(id).await }, move |test| {
            shown.tested.set(Some((name.get_value(), test)));
            shown.outcome.set(true);
            reload.run(());
        });
    };
    let withdraw = move |()| {
        withdrawing.run(async move { api.withdraw_account(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, share.withdrawn_toast, name = name.get_value()));
            reload.run(());
        });
    };
    Effect::new(move |_| {
        for submission in [testing, withdrawing] {
            if let Some(error) = submission.error.get() {
                asking.set(false);
                toasts.bad(error.message(i18n.get_locale_untracked()));
            }
        }
    });
    view! {
        <Button small=true busy=testing.busy on_press=test label=text!(i18n, share.test_of, name = name.get_value()) testid="test-own">
            {t!(i18n, accounts.test)}
        </Button>
        {mine.then(|| view! {
            <Button
                small=true
                class="text-error"
                busy=withdrawing.busy
                on_press=move |()| asking.set(true)
                label=text!(i18n, share.withdraw_of, name = name.get_value())
                testid="withdraw-own"
            >
                {t!(i18n, share.withdraw)}
            </Button>
            <Confirm
                open=asking
                title=text!(i18n, share.withdraw_title, name = name.get_value())
                text=text!(i18n, share.withdraw_text)
                action=text!(i18n, share.withdraw)
                busy=withdrawing.busy
                on_confirm=withdraw
            />
        })}
    }
}
