//! Choosing a new password by a link. The link's token is behind the `#`, which no server sees, and leaves the address
//! bar at once.

use causeway_openapi::ResetPassword;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        routes,
    },
    pages::entry::EntryCard,
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// The form, or why there is none.
#[component]
pub(crate) fn Reset() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let token = StoredValue::new(take_token());
    let password = RwSignal::new(String::new());
    let done = RwSignal::new(false);
    let submission = Submission::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = ResetPassword {
            token: token.get_value().unwrap_or_default().into(),
            password: password.get_untracked().into(),
        };
        submission.run(async move { api.reset_password(form).await }, move |()| done.set(true));
    };
    let to_sign_in = move || {
        view! { <a class="btn btn-primary w-full" href=routes::SIGN_IN data-testid="to-sign-in">{t!(i18n, auth.sign_in)}</a> }
    };
    view! {
        <EntryCard title=text!(i18n, auth.reset_title) text=text!(i18n, auth.reset_text)>
            <div class="flex flex-col gap-4">
                {move || match (token.get_value().is_some(), done.get()) {
                    (_, true) => view! {
                        <div role="status"><Notice tone=Tone::Good>{t!(i18n, auth.reset_done)}</Notice></div>
                        {to_sign_in()}
                    }
                    .into_any(),
                    (false, false) => view! { <Notice tone=Tone::Warning>{t!(i18n, auth.reset_no_token)}</Notice> }.into_any(),
                    (true, false) => view! {
                        <form class="flex flex-col gap-4" on:submit=send>
                            <Failure error=submission.error fields=&["password"]/>
                            <TextField
                                label=text!(i18n, auth.new_password)
                                hint=text!(i18n, auth.password_hint)
                                value=password
                                kind="password"
                                name="password"
                                autocomplete="new-password"
                                required=true
                                focus=true
                                error=submission.field("password")
                                testid="password"
                            />
                            <Button kind=Kind::Primary submit=true busy=submission.busy class="w-full" testid="reset-save">
                                {t!(i18n, auth.reset_save)}
                            </Button>
                        </form>
                    }
                    .into_any(),
                }}
            </div>
        </EntryCard>
    }
}

/// Takes the token out of the address, so that it is in no history and in no picture of the screen.
fn take_token() -> Option<String> {
    let location = window().location();
    let hash = location.hash().ok()?;
    let token = hash.trim_start_matches('#').strip_prefix("token=")?.to_owned();
    if let (Ok(path), Ok(history)) = (location.pathname(), window().history()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
    (!token.is_empty()).then_some(token)
}
