//! Registering by a link. What has begun is kept in this browser until it is finished, because an administrator may take
//! days to decide.

use causeway_openapi::{
    FinishedRegistration, Register, RegistrationPreview, RegistrationRule, RegistrationState, Secret,
};
use leptos::prelude::*;

use super::{finished::Finished, locale, token, waiting::Waiting};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::{Load, Query},
        storage,
    },
    pages::{entry::EntryCard, members::role_name},
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// Where the claim is kept. It is good for one key, once.
const CLAIM: &str = "causeway.registration";

/// How far this browser is.
#[derive(Clone)]
pub(super) enum Step {
    /// Nothing was sent yet.
    Form,
    /// Somebody has registered and goes on with this.
    Begun(Secret, RegistrationState),
    /// Everything is done.
    Done(Box<FinishedRegistration>),
}

/// Goes on, and remembers it for the next visit.
pub(super) fn keep(step: RwSignal<Step>, next: Step) {
    match &next {
        Step::Begun(claim, _) => storage::set(CLAIM, claim.expose()),
        Step::Form | Step::Done(_) => storage::remove(CLAIM),
    }
    step.set(next);
}

/// The page.
#[component]
pub(crate) fn Registration() -> impl IntoView {
    let kept = storage::get(CLAIM).filter(|claim| !claim.is_empty());
    let first = kept.map_or(Step::Form, |claim| Step::Begun(claim.into(), RegistrationState::Waiting));
    let step = RwSignal::new(first);
    move || match step.get() {
        Step::Form => view! { <Opened step/> }.into_any(),
        Step::Begun(claim, state) => view! { <Waiting claim state step/> }.into_any(),
        Step::Done(finished) => view! { <Finished finished=*finished/> }.into_any(),
    }
}

/// What the link leads to, and the form.
#[component]
fn Opened(step: RwSignal<Step>) -> impl IntoView {
    let i18n = use_i18n();
    let Some(token) = token() else {
        return view! {
            <EntryCard title=text!(i18n, join.register_title) text=Signal::stored(String::new())>
                <Notice tone=Tone::Warning>{t!(i18n, join.no_token)}</Notice>
            </EntryCard>
        }
        .into_any();
    };
    let api = use_api();
    let shown = token.clone();
    let preview = Query::new(move || api.preview_registration(shown.clone()));
    let line = Signal::derive(move || match preview.state.get() {
        Load::Ready(RegistrationPreview { organization, role, .. }) => {
            let role = role_name(role, i18n.get_locale());
            t_string!(i18n, join.register_text, organization = organization, role = role)
        }
        Load::Loading => t_string!(i18n, join.register_wait).to_owned(),
        Load::Failed(_) => String::new(),
    });
    let token = StoredValue::new(token);
    view! {
        <EntryCard title=text!(i18n, join.register_title) text=line>
            {move || match preview.state.get() {
                Load::Loading => ().into_any(),
                Load::Failed(error) => view! {
                    <div data-testid="bad-link"><Notice tone=Tone::Bad>{move || error.message(i18n.get_locale())}</Notice></div>
                }
                .into_any(),
                Load::Ready(preview) => view! { <Form token preview step/> }.into_any(),
            }}
        </EntryCard>
    }
    .into_any()
}

#[component]
fn Form(token: StoredValue<Secret>, preview: RegistrationPreview, step: RwSignal<Step>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let [email, name, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let domains = preview.domains.join(", ");
    let hint = Signal::derive(move || match preview.rule {
        RegistrationRule::Domain => t_string!(i18n, join.domain_hint, domains = domains.clone()),
        _ => t_string!(i18n, join.approval_hint).to_owned(),
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = Register {
            token: token.get_value(),
            email: email.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            password: password.get_untracked().into(),
            locale: locale(i18n.get_locale_untracked()),
        };
        submission.run(async move { api.register(form).await }, move |begun| {
            keep(step, Step::Begun(begun.claim, begun.state));
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["email", "name", "password"]/>
            <TextField
                label=text!(i18n, auth.email)
                hint
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
                label=text!(i18n, auth.name)
                value=name
                name="name"
                autocomplete="name"
                required=true
                error=submission.field("name")
                testid="name"
            />
            <TextField
                label=text!(i18n, auth.password)
                hint=text!(i18n, auth.password_hint)
                value=password
                kind="password"
                name="password"
                autocomplete="new-password"
                required=true
                error=submission.field("password")
                testid="password"
            />
            <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="register">
                {t!(i18n, join.register)}
            </Button>
        </form>
    }
}
