//! Setting up an authenticator app: the password, the picture to scan, the first code, the recovery codes.

use causeway_openapi::{AuthenticatorState, CodeOfApp, Enrolment, StartEnrolment};
use leptos::{prelude::*, task::spawn_local};

use super::codes::Codes;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        copy::CopyButton,
        dialog::Actions,
        field::TextField,
        notice::Failure,
        toast::use_toasts,
    },
};

/// What the dialog shows, one step after the other.
#[component]
pub(super) fn Enrol(
    open: RwSignal<bool>,
    state: Query<AuthenticatorState>,
    codes: RwSignal<Vec<String>>,
) -> impl IntoView {
    let enrolment: RwSignal<Option<Enrolment>> = RwSignal::new(None);
    move || {
        if !codes.with(Vec::is_empty) {
            return view! { <Codes codes open/> }.into_any();
        }
        match enrolment.get() {
            None => view! { <First open enrolment/> }.into_any(),
            Some(made) => view! { <Second open enrolment=made state codes/> }.into_any(),
        }
    }
}

/// It is still the same person.
#[component]
fn First(open: RwSignal<bool>, enrolment: RwSignal<Option<Enrolment>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let password = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = StartEnrolment { password: password.get_untracked().into() };
        submission
            .run(async move { api.start_authenticator(form).await }, move |made| enrolment.set(Some(made)));
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["password"]/>
            <TextField
                label=text!(i18n, profile.your_password)
                value=password
                kind="password"
                autocomplete="current-password"
                focus=true
                error=submission.field("password")
                testid="enrol-password"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="enrol-next">{t!(i18n, profile.next)}</Button>
            </Actions>
        </form>
    }
}

/// The app gets the secret, and shows that it has it.
#[component]
fn Second(
    open: RwSignal<bool>,
    enrolment: Enrolment,
    state: Query<AuthenticatorState>,
    codes: RwSignal<Vec<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let code = RwSignal::new(String::new());
    let secret = enrolment.secret.0;
    let shown = spaced(&secret);
    // An image and not markup: what is in it cannot become part of the page.
    let picture = format!("data:image/svg+xml,{}", js_sys::encode_uri_component(enrolment.qr_svg.expose()));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = CodeOfApp { code: code.get_untracked().into() };
        submission.run(async move { api.confirm_authenticator(form).await }, move |made| {
            codes.set(made.codes.into_iter().map(|code| code.0).collect());
            toasts.good(t_string!(i18n, profile.on_toast));
            state.reload();
            // The session knows whether the organisation still waits for this.
            spawn_local(async move { _ = api.0.renew().await });
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["code"]/>
            <p class="text-sm text-base-content/70">{t!(i18n, profile.scan)}</p>
            <img
                src=picture
                alt=move || t_string!(i18n, profile.qr)
                class="mx-auto size-52 rounded-box border border-base-300"
                data-testid="qr"
            />
            <div class="text-sm">
                <p class="text-base-content/70">{t!(i18n, profile.by_hand)}</p>
                <div class="mt-1 flex items-center gap-2">
                    <code class="select-all break-all" data-testid="totp-secret">{shown}</code>
                    <CopyButton text=Signal::stored(secret)/>
                </div>
            </div>
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
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="turn-on">{t!(i18n, profile.turn_on)}</Button>
            </Actions>
        </form>
    }
}

/// In groups of four, for who types it.
fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
