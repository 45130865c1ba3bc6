//! The second factor: whether it is on, and the dialogs that turn it on and off and make new recovery codes.

use causeway_openapi::{AuthenticatorState, CodeOfApp, StopAuthenticator};
use leptos::prelude::*;

use super::{codes::Codes, enrolment::Enrol};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::{Actions, Dialog},
        field::TextField,
        loaded::{ListSkeleton, Loaded},
        notice::{Failure, Notice},
        page::Card,
        toast::use_toasts,
    },
};

/// Fewer than this are few.
const FEW: u32 = 4;

/// The card.
#[component]
pub(super) fn Factor() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let state = Query::new(move || api.authenticator());
    let (enrolling, renewing, stopping) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    // Shown once: a dialog that closes by accident would lose them.
    let codes = RwSignal::new(Vec::<String>::new());
    let dismissable = Signal::derive(move || codes.with(Vec::is_empty));
    let opened = move |open: RwSignal<bool>| {
        Callback::new(move |()| {
            codes.set(Vec::new());
            open.set(true);
        })
    };
    view! {
        <Card title=text!(i18n, profile.factor)>
            <Loaded query=state skeleton=|| view! { <ListSkeleton rows=1/> }.into_any() let:current>
                <Standing current enrol=opened(enrolling) renew=opened(renewing) stop=opened(stopping)/>
            </Loaded>
        </Card>
        <Dialog open=enrolling title=text!(i18n, profile.factor) dismissable testid="enrol-dialog">
            <Enrol open=enrolling state codes/>
        </Dialog>
        <Dialog open=renewing title=text!(i18n, profile.recovery_new) dismissable testid="codes-dialog">
            <Renew open=renewing state codes/>
        </Dialog>
        <Dialog open=stopping title=text!(i18n, profile.turn_off) testid="stop-dialog">
            <Stop open=stopping state/>
        </Dialog>
    }
}

#[component]
fn Standing(
    current: AuthenticatorState,
    enrol: Callback<()>,
    renew: Callback<()>,
    stop: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let Some(since) = current.enabled_at else {
        return view! {
            <div class="flex flex-wrap items-center justify-between gap-4">
                <p class="max-w-xl text-sm text-base-content/70">{t!(i18n, profile.factor_off)}</p>
                <Button kind=Kind::Primary on_press=enrol testid="set-up-factor">{t!(i18n, profile.set_up)}</Button>
            </div>
        }
        .into_any();
    };
    let count = current.recovery_codes_left;
    let left = move || {
        if count < FEW {
            view! { <Notice tone=Tone::Warning>{t!(i18n, profile.factor_few, count = count)}</Notice> }
                .into_any()
        } else {
            view! { <p class="text-sm text-base-content/70">{t!(i18n, profile.factor_left, count = count)}</p> }.into_any()
        }
    };
    view! {
        <div class="flex flex-col gap-3" data-testid="factor-on">
            <p class="text-sm">{t!(i18n, profile.factor_on, date = move || format::day(since, i18n.get_locale()))}</p>
            {left()}
            <div class="flex flex-wrap justify-end gap-2">
                <Button on_press=renew testid="renew-codes">{t!(i18n, profile.recovery_new)}</Button>
                <Button on_press=stop testid="stop-factor">{t!(i18n, profile.turn_off)}</Button>
            </div>
        </div>
    }
    .into_any()
}

/// New recovery codes, for a code of the app.
#[component]
fn Renew(
    open: RwSignal<bool>,
    state: Query<AuthenticatorState>,
    codes: RwSignal<Vec<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let code = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = CodeOfApp { code: code.get_untracked().into() };
        submission.run(async move { api.renew_recovery_codes(form).await }, move |made| {
            codes.set(made.codes.into_iter().map(|code| code.0).collect());
            state.reload();
        });
    };
    let form = move || {
        view! {
            <form class="flex flex-col gap-4" on:submit=send>
                <Failure error=submission.error fields=&["code"]/>
                <p class="text-sm text-base-content/70">{t!(i18n, profile.recovery_new_text)}</p>
                <TextField
                    label=text!(i18n, profile.code)
                    hint=text!(i18n, profile.code_hint)
                    value=code
                    autocomplete="one-time-code"
                    inputmode="numeric"
                    mono=true
                    required=true
                    focus=true
                    error=submission.field("code")
                    testid="app-code"
                />
                <Actions>
                    <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                    <Button kind=Kind::Primary submit=true busy=submission.busy testid="make-codes">{t!(i18n, profile.recovery_make)}</Button>
                </Actions>
            </form>
        }
    };
    move || {
        if codes.with(Vec::is_empty) { form().into_any() } else { view! { <Codes codes open/> }.into_any() }
    }
}

/// Turning it off, for the password and a code.
#[component]
fn Stop(open: RwSignal<bool>, state: Query<AuthenticatorState>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let (password, code) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = StopAuthenticator {
            password: password.get_untracked().into(),
            code: code.get_untracked().trim().to_owned().into(),
        };
        submission.run(async move { api.stop_authenticator(form).await }, move |()| {
            open.set(false);
            toasts.good(t_string!(i18n, profile.off_toast));
            state.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["password", "code"]/>
            <p class="text-sm text-base-content/70">{t!(i18n, profile.turn_off_text)}</p>
            <TextField
                label=text!(i18n, profile.your_password)
                value=password
                kind="password"
                autocomplete="current-password"
                focus=true
                error=submission.field("password")
                testid="stop-password"
            />
            <TextField
                label=text!(i18n, profile.any_code)
                value=code
                autocomplete="one-time-code"
                mono=true
                required=true
                error=submission.field("code")
                testid="stop-code"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Danger submit=true busy=submission.busy testid="turn-off">{t!(i18n, profile.turn_off)}</Button>
            </Actions>
        </form>
    }
}
