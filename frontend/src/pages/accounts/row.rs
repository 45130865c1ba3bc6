//! One account in the list, with what can be done to it.

use causeway_openapi::{Account, CredentialKind, Page, UpdateAccount};
use leptos::prelude::*;

use super::{
    Dialogs,
    grant::{Grant, again},
    handing::{SharedBy, is_others, use_reminder},
    health::Health,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::name_of,
        query::Query,
        routes::{self, use_go},
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
pub(super) fn Row(
    account: Account,
    accounts: Query<Page<Account>>,
    dialogs: Dialogs,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let testing = Submission::new();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let id = account.id;
    let (enabled, draining) = (account.enabled, account.draining);
    let name = StoredValue::new(account.name.clone());

    // Errors of buttons in a row have no form to stand in.
    Effect::new(move |_| {
        for submission in [testing, changing] {
            if let Some(error) = submission.error.get() {
                toasts.bad(error.message(i18n.get_locale_untracked()));
            }
        }
    });
    let run_test = move |()| {
        testing.run(async move { api.test_account(id).await }, move |test| {
            dialogs.tested.set(Some((name.get_value(), test)));
            dialogs.outcome.set(true);
            accounts.reload();
        });
    };
    let switch = move |()| {
        let change = UpdateAccount { enabled: Some(!enabled), ..UpdateAccount::default() };
        changing.run(async move { api.change_account(id, change).await }, move |_| {
            toasts.good(if enabled {
                tu_string!(i18n, accounts.disabled_toast, name = name.get_value())
            } else {
                tu_string!(i18n, accounts.enabled_toast, name = name.get_value())
            });
            accounts.reload();
        });
    };
    let drain = move |()| {
        let change = UpdateAccount { draining: Some(!draining), ..UpdateAccount::default() };
        changing.run(async move { api.change_account(id, change).await }, move |_| {
            toasts.good(if draining {
                tu_string!(i18n, accounts.undrain_toast, name = name.get_value())
            } else {
                tu_string!(i18n, accounts.drain_toast, name = name.get_value())
            });
            accounts.reload();
        });
    };
    let reset = move |()| {
        changing.run(async move { api.reset_account(id).await }, move |_| {
            toasts.good(tu_string!(i18n, accounts.reset_toast, name = name.get_value()));
            accounts.reload();
        });
    };
    let refresh = move |()| {
        changing.run(async move { api.refresh_account(id).await }, move |_| {
            toasts.good(tu_string!(i18n, onboarding.refreshed_toast, name = name.get_value()));
            accounts.reload();
        });
    };
    let remove = move |()| {
        changing.run(async move { api.delete_account(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, accounts.deleted_toast, name = name.get_value()));
            accounts.reload();
        });
    };
    let go = use_go();
    let go = StoredValue::new_local(go);
    let authorise = move |()| go.with_value(|go| go(&again(id)));
    let (reminding, remind) = use_reminder(id, dialogs.handing);
    let contributed_by = account.contributed_by;
    let others = is_others(&account);
    let edited = StoredValue::new(account.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.get_value()));
        dialogs.form.set(true);
    };
    let limits = account.limits.clone();
    let (shown, granted) = (account.clone(), account.clone());
    let email = account.identity.as_ref().and_then(|identity| identity.email.clone());
    let authorised = account.credential_kind == CredentialKind::Oauth;
    let refreshable = authorised || account.credential_kind == CredentialKind::ServiceAccount;
    let resting = !account.health.rests.is_empty();
    let (hint, base_url, provider) =
        (account.credential_hint.clone(), account.base_url.clone(), account.provider);
    view! {
        <tr data-testid="account">
            <Cell label=text!(i18n, accounts.name)>
                <a class="link link-hover font-medium break-words" href=format!("{}/{id}", routes::ACCOUNTS) data-testid="open-account">
                    {name.get_value()}
                </a>
                {email.map(|email| view! { <div class="text-xs break-all" data-testid="account-email">{email}</div> })}
                <div class="font-mono text-xs text-base-content/70">{hint}</div>
                {contributed_by.map(|by| view! { <SharedBy by people=dialogs.people/> })}
            </Cell>
            <Cell label=text!(i18n, accounts.provider)>
                <div>{move || name_of(dialogs.providers, provider)}</div>
                <div class="text-xs text-base-content/70 break-all">{base_url}</div>
            </Cell>
            <Cell label=text!(i18n, accounts.status)>
                <Health account=shown/>
                <div class="mt-1"><Grant account=granted/></div>
                <div class="mt-1 sm:max-w-56"><Words limits/></div>
            </Cell>
            <Cell label=text!(i18n, accounts.last_test)><LastTest account/></Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Show when=move || may_write.get()>
                    <div class="flex items-center justify-end gap-1">
                        <Button small=true busy=Signal::derive(move || testing.busy.get() || reminding.busy.get()) on_press=run_test testid="test-account">
                            {t!(i18n, accounts.test)}
                        </Button>
                        <Menu
                            label=text!(i18n, common.more_actions, name = name.get_value())
                            face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                            testid="account-menu"
                        >
                            <MenuItem on_press=edit testid="edit-account">
                                <Glyph icon=Icon::Edit class="size-4"/>
                                {t!(i18n, common.edit)}
                            </MenuItem>
                            {authorised.then(|| view! {
                                <MenuItem on_press=authorise testid="authorise-account">
                                    <Glyph icon=Icon::Key class="size-4"/>
                                    {t!(i18n, onboarding.authorise_again)}
                                </MenuItem>
                            })}
                            {others.then(|| view! {
                                <MenuItem on_press=move |()| remind(()) testid="remind-account">
                                    <Glyph icon=Icon::Bolt class="size-4"/>
                                    {t!(i18n, share.remind)}
                                </MenuItem>
                            })}
                            {refreshable.then(|| view! {
                                <MenuItem on_press=refresh testid="refresh-account">
                                    <Glyph icon=Icon::Refresh class="size-4"/>
                                    {t!(i18n, onboarding.refresh_now)}
                                </MenuItem>
                            })}
                            {resting.then(|| view! {
                                <MenuItem on_press=reset testid="reset-account">
                                    <Glyph icon=Icon::Refresh class="size-4"/>
                                    {t!(i18n, accounts.reset)}
                                </MenuItem>
                            })}
                            <MenuItem on_press=drain testid="drain-account">
                                <Glyph icon=Icon::Download class="size-4"/>
                                {move || if draining { t_string!(i18n, accounts.undrain) } else { t_string!(i18n, accounts.drain) }}
                            </MenuItem>
                            <MenuItem on_press=switch testid="switch-account">
                                <Glyph icon=Icon::Power class="size-4"/>
                                {move || if enabled { t_string!(i18n, common.disable) } else { t_string!(i18n, common.enable) }}
                            </MenuItem>
                            <MenuItem on_press=move |()| asking.set(true) danger=true testid="delete-account">
                                <Glyph icon=Icon::Trash class="size-4"/>
                                {t!(i18n, common.delete)}
                            </MenuItem>
                        </Menu>
                    </div>
                </Show>
                <Confirm
                    open=asking
                    title=text!(i18n, accounts.delete_title, name = name.get_value())
                    text=text!(i18n, accounts.delete_text)
                    action=text!(i18n, common.delete)
                    busy=changing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}

/// Whether the credential worked when it was last tried, and when that was.
#[component]
pub(super) fn LastTest(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    match account.last_test {
        None => view! { <span class="text-sm text-base-content/70">{t!(i18n, accounts.never_tested)}</span> }
            .into_any(),
        Some(test) => {
            let at = test.at;
            let models = account.models.map_or(0, |m| m.len());
            view! {
                {if test.ok {
                    view! { <Badge tone=Tone::Good>{t!(i18n, accounts.models_count, count = models)}</Badge> }.into_any()
                } else {
                    view! { <Badge tone=Tone::Bad>{t!(i18n, accounts.failed)}</Badge> }.into_any()
                }}
                <div class="mt-0.5 text-xs text-base-content/70 tabular-nums" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                    " · "
                    {format::duration_ms(test.latency_ms)}
                </div>
            }
            .into_any()
        }
    }
}
