//! Signing in. Points to the set-up link while nobody can.

mod second_step;
pub(crate) mod sso;

use causeway_openapi::{Secret, SignIn as Form, SignedIn};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::{
    second_step::SecondStepForm,
    sso::{SignInFailure, SingleSignOn},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes::{self, safe_next, use_go},
        session::{Visitor, use_session},
    },
    pages::entry::EntryCard,
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// The sign-in form.
#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let go = use_go();
    let query = use_query_map();
    let instance = Query::new(move || api.instance());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let challenge: RwSignal<Option<Secret>> = RwSignal::new(None);
    let submission = Submission::new();

    // Whoever is signed in already, or has just become so, goes on to where they wanted.
    let signed_in = Memo::new(move |_| matches!(session.visitor(), Visitor::Member(_)));
    Effect::new(move |_| {
        if signed_in.get() {
            go(&safe_next(query.get_untracked().get("next").as_deref()));
        }
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = Form {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked().into(),
        };
        submission.run(async move { api.sign_in(form).await }, move |answer| match answer {
            SignedIn::Session(signed) => session.enter(*signed),
            SignedIn::SecondStep(step) => {
                password.set(String::new());
                challenge.set(Some(step.challenge));
            }
        });
    };
    let setup_required = move || instance.data().is_some_and(|i| i.setup_required);
    let stepping = Memo::new(move |_| challenge.with(Option::is_some));
    let title = Signal::derive(move || {
        if stepping.get() { t_string!(i18n, auth.second_title) } else { t_string!(i18n, auth.sign_in) }
            .to_owned()
    });
    let about = Signal::derive(move || {
        if stepping.get() { t_string!(i18n, auth.second_text) } else { t_string!(i18n, auth.sign_in_text) }
            .to_owned()
    });
    let first_step = move || {
        view! {
            <SignInFailure/>
            <form class="flex flex-col gap-4" on:submit=send>
                <Show when=setup_required>
                    <Notice tone=Tone::Info>{t!(i18n, auth.setup_required)}</Notice>
                </Show>
                <Failure error=submission.error fields=&["email", "password"]/>
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
                <TextField
                    label=text!(i18n, auth.password)
                    value=password
                    kind="password"
                    name="password"
                    autocomplete="current-password"
                    required=true
                    error=submission.field("password")
                    testid="password"
                />
                <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="sign-in">
                    {t!(i18n, auth.sign_in)}
                </Button>
                <div class="flex flex-wrap justify-center gap-x-6 gap-y-2 text-sm text-base-content/70">
                    <a class="link" href=routes::FORGOT data-testid="forgot">{t!(i18n, auth.forgot)}</a>
                    <a class="link" href=routes::MY_KEY>{t!(i18n, auth.to_my_key)}</a>
                </div>
            </form>
            <SingleSignOn/>
        }
    };
    view! {
        <EntryCard title text=about>
            {move || {
                if stepping.get() { view! { <SecondStepForm challenge/> }.into_any() } else { first_step().into_any() }
            }}
        </EntryCard>
    }
}
