//! Single sign-on: the issuers, the e-mail domains, and whether passwords are accepted.

mod domains;
mod form;

use causeway_openapi::{Permission, SingleSignOn, SsoProvider, UpdateSingleSignOn};
use leptos::prelude::*;

use self::{domains::Domains, form::ProviderForm};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        confirm::Confirm,
        copy::CopyButton,
        dialog::Dialog,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// What is open.
#[derive(Clone, Copy)]
pub(super) struct Dialogs {
    pub(super) form: RwSignal<bool>,
    pub(super) edited: RwSignal<Option<SsoProvider>>,
    pub(super) confirm: RwSignal<bool>,
    pub(super) doomed: RwSignal<Option<SsoProvider>>,
}

/// The card.
#[component]
pub(super) fn SingleSignOnCard() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let settings = Query::new(move || api.sso());
    let may_write = session.may(Permission::SsoWrite);
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        confirm: RwSignal::new(false),
        doomed: RwSignal::new(None),
    };
    let deletion = Submission::new();
    let toasts = use_toasts();
    let delete = move |()| {
        let Some(provider) = dialogs.doomed.get_untracked() else { return };
        deletion.run(async move { api.delete_sso_provider(provider.id).await }, move |()| {
            dialogs.confirm.set(false);
            toasts.good(t_string!(i18n, sso.deleted_toast));
            settings.reload();
        });
    };
    view! {
        <Card title=text!(i18n, sso.title)>
            <div class="flex flex-col gap-6" data-testid="sso">
                <p class="text-sm text-base-content/70">{t!(i18n, sso.text)}</p>
                <Loaded query=settings skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:found>
                    <div class="flex flex-col gap-6">
                        <Providers providers=found.providers may_write dialogs/>
                        <Domains domains=found.domains may_write settings/>
                        <Passwords allowed=found.password_sign_in may_write settings/>
                    </div>
                </Loaded>
            </div>
        </Card>
        <Dialog open=dialogs.form wide=true title=text!(i18n, sso.provider) testid="sso-form">
            <ProviderForm dialogs settings/>
        </Dialog>
        <Confirm
            open=dialogs.confirm
            title=text!(i18n, sso.delete_title)
            text=text!(i18n, sso.delete_text)
            action=text!(i18n, common.delete)
            busy=deletion.busy
            on_confirm=delete
        />
        <Failure error=deletion.error/>
    }
}

#[component]
fn Providers(providers: Vec<SsoProvider>, may_write: bool, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let none = providers.is_empty();
    let add = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    view! {
        <div class="flex flex-col gap-3">
            {none.then(|| view! { <p class="text-sm">{t!(i18n, sso.none)}</p> })}
            <ul class="flex flex-col gap-3">
                {providers.into_iter().map(|provider| view! { <Row provider may_write dialogs/> }).collect_view()}
            </ul>
            {may_write.then(|| view! {
                <div><Button on_press=add testid="sso-add">{t!(i18n, sso.add)}</Button></div>
            })}
        </div>
    }
}

#[component]
fn Row(provider: SsoProvider, may_write: bool, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let test = Submission::new();
    let outcome = RwSignal::new(None::<(bool, String)>);
    let id = provider.id;
    let tested = move |()| {
        outcome.set(None);
        test.run(async move { api.test_sso_provider(id).await }, move |answer| {
            outcome.set(Some((answer.ok, answer.message)));
        });
    };
    let (edited, doomed) = (provider.clone(), provider.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.clone()));
        dialogs.form.set(true);
    };
    let delete = move |()| {
        dialogs.doomed.set(Some(doomed.clone()));
        dialogs.confirm.set(true);
    };
    let (tone, enabled) = if provider.enabled { (Tone::Good, true) } else { (Tone::Neutral, false) };
    let callback = provider.callback_url.clone();
    view! {
        <li class="rounded-box border border-base-300 p-4" data-testid="sso-row">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <div class="min-w-0">
                    <p class="flex flex-wrap items-center gap-2 font-medium">
                        {provider.name}
                        <Badge tone dot=true>
                            {move || if enabled { t_string!(i18n, common.enabled) } else { t_string!(i18n, common.disabled) }}
                        </Badge>
                    </p>
                    <p class="text-sm break-all text-base-content/70">{provider.issuer}</p>
                </div>
                {may_write.then(|| view! {
                    <div class="flex flex-wrap gap-2">
                        <Button small=true busy=test.busy on_press=tested testid="sso-test">{t!(i18n, sso.test)}</Button>
                        <Button small=true on_press=edit testid="sso-edit">{t!(i18n, common.edit)}</Button>
                        <Button small=true on_press=delete testid="sso-delete">{t!(i18n, common.delete)}</Button>
                    </div>
                })}
            </div>
            <div class="mt-3 flex items-center gap-2 text-sm">
                <span class="shrink-0 text-base-content/70">{t!(i18n, sso.callback)}</span>
                <code class="min-w-0 text-xs break-all" data-testid="sso-callback">{provider.callback_url}</code>
                <CopyButton text=callback/>
            </div>
            <Failure error=test.error/>
            <p class="mt-2 text-sm empty:hidden" role="status" data-testid="sso-tested">
                {move || outcome.get().map(|(ok, message)| view! {
                    <span class=if ok { "text-success" } else { "text-error" }>{message}</span>
                })}
            </p>
        </li>
    }
}

#[component]
fn Passwords(allowed: bool, may_write: bool, settings: Query<SingleSignOn>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let toggle = move |()| {
        let change = UpdateSingleSignOn { password_sign_in: Some(!allowed) };
        submission.run(async move { api.change_sso(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
            settings.reload();
        });
    };
    view! {
        <div class="flex flex-col gap-2">
            <h3 class="text-sm font-semibold">{t!(i18n, sso.passwords)}</h3>
            <Failure error=submission.error/>
            <p class="text-sm" data-testid="sso-passwords">
                {move || if allowed { t_string!(i18n, sso.passwords_allowed) } else { t_string!(i18n, sso.passwords_refused) }}
            </p>
            {may_write.then(|| view! {
                <div>
                    <Button
                        kind=Kind::Plain
                        busy=submission.busy
                        on_press=toggle
                        testid="sso-toggle-passwords"
                    >
                        {move || if allowed { t_string!(i18n, sso.refuse_passwords) } else { t_string!(i18n, sso.allow_passwords) }}
                    </Button>
                </div>
            })}
        </div>
    }
}
