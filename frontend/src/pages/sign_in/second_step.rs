//! The second step of signing in: a code of the app, or a recovery code.

use causeway_openapi::{Secret, TakeSecondStep};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        field::TextField,
        notice::Failure,
    },
};

/// The form. `challenge` is what the first step was answered with; clearing it starts over.
#[component]
pub(super) fn SecondStepForm(challenge: RwSignal<Option<Secret>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let code = RwSignal::new(String::new());
    let submission = Submission::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(challenge) = challenge.get_untracked() else { return };
        let form = TakeSecondStep { challenge, code: code.get_untracked().trim().to_owned().into() };
        submission.run(async move { api.second_step(form).await }, move |signed| session.enter(signed));
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["code"]/>
            <TextField
                label=text!(i18n, auth.code)
                hint=text!(i18n, auth.code_hint)
                value=code
                name="code"
                autocomplete="one-time-code"
                required=true
                focus=true
                mono=true
                error=submission.field("code")
                testid="code"
            />
            <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="second-step">
                {t!(i18n, auth.go_on)}
            </Button>
            <Button on_press=move |()| challenge.set(None) class="w-full">{t!(i18n, auth.start_over)}</Button>
        </form>
    }
}
