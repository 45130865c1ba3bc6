//! Asking for a link to choose a new password.

use causeway_openapi::ForgotPassword;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        query::Query,
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

/// The form, or whom to ask instead.
#[component]
pub(crate) fn Forgot() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let instance = Query::new(move || api.instance());
    let email = RwSignal::new(String::new());
    let sent = RwSignal::new(false);
    let submission = Submission::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = ForgotPassword { email: email.get_untracked().trim().to_owned() };
        submission.run(async move { api.forgot_password(form).await }, move |()| sent.set(true));
    };
    let sends_mail = move || instance.data().is_none_or(|i| i.mail);
    view! {
        <EntryCard title=text!(i18n, auth.forgot_title) text=text!(i18n, auth.forgot_text)>
            <div class="flex flex-col gap-4">
                {move || match (sends_mail(), sent.get()) {
                    (false, _) => view! { <Notice tone=Tone::Warning>{t!(i18n, auth.forgot_no_mail)}</Notice> }.into_any(),
                    (true, true) => {
                        view! { <div role="status" data-testid="forgot-sent"><Notice tone=Tone::Good>{t!(i18n, auth.forgot_sent)}</Notice></div> }
                            .into_any()
                    }
                    (true, false) => view! {
                        <form class="flex flex-col gap-4" on:submit=send>
                            <Failure error=submission.error fields=&["email"]/>
                            <TextField
                                label=text!(i18n, auth.email)
                                value=email
                                kind="email"
                                name="email"
                                autocomplete="username"
                                required=true
                                focus=true
                                error=submission.field("email")
                                testid="email"
                            />
                            <Button kind=Kind::Primary submit=true busy=submission.busy class="w-full" testid="forgot-send">
                                {t!(i18n, auth.forgot_send)}
                            </Button>
                        </form>
                    }
                    .into_any(),
                }}
                <a class="link text-center text-sm text-base-content/70" href=routes::SIGN_IN>{t!(i18n, auth.back_to_sign_in)}</a>
            </div>
        </EntryCard>
    }
}
