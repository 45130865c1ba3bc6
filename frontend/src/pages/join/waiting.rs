//! After the form: the mailed code, or an administrator's decision, and then the key.

use std::time::Duration;

use causeway_openapi::{FinishRegistration, RegistrationProgress, RegistrationState, Secret};
use leptos::prelude::*;

use super::register::{Step, keep};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::{Load, Query},
    },
    pages::entry::EntryCard,
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// How often the page asks whether an administrator has decided.
const ASK: Duration = Duration::from_secs(5);

/// The page, from the form to the key.
#[component]
pub(super) fn Waiting(claim: Secret, state: RegistrationState, step: RwSignal<Step>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let asked = claim.clone();
    let progress = Query::new(move || api.registration_progress(asked.clone()));
    if state == RegistrationState::Waiting {
        progress.every(ASK);
    }
    let organization =
        Memo::new(move |_| progress.data().map(|progress| progress.organization).unwrap_or_default());
    let claim = StoredValue::new(claim);
    let again = move |()| keep(step, Step::Form);
    view! {
        <EntryCard title=text!(i18n, join.register_title) text=Signal::derive(move || organization.get())>
            {move || match progress.state.get() {
                Load::Loading => ().into_any(),
                Load::Failed(error) => view! {
                    <div class="flex flex-col gap-4">
                        <Notice tone=Tone::Bad>{move || error.message(i18n.get_locale())}</Notice>
                        <Button on_press=again class="w-full">{t!(i18n, join.start_again)}</Button>
                    </div>
                }
                .into_any(),
                Load::Ready(RegistrationProgress { organization, state }) => match state {
                    RegistrationState::Confirming => view! { <Code claim step/> }.into_any(),
                    RegistrationState::Approved => view! { <Approved claim step/> }.into_any(),
                    RegistrationState::Waiting => view! {
                        <div data-testid="waiting" role="status">
                            <Notice tone=Tone::Info>{move || t_string!(i18n, join.waiting, organization = organization.clone())}</Notice>
                        </div>
                    }
                    .into_any(),
                    RegistrationState::Refused | RegistrationState::Done => view! {
                        <div class="flex flex-col gap-4">
                            <Notice tone=Tone::Warning>
                                {move || {
                                    if state == RegistrationState::Refused {
                                        t_string!(i18n, join.refused)
                                    } else {
                                        t_string!(i18n, common.error_link_used)
                                    }
                                }}
                            </Notice>
                            <Button on_press=again class="w-full">{t!(i18n, join.start_again)}</Button>
                        </div>
                    }
                    .into_any(),
                },
            }}
        </EntryCard>
    }
}

#[component]
fn Code(claim: StoredValue<Secret>, step: RwSignal<Step>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let code = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = FinishRegistration { claim: claim.get_value(), code: Some(code.get_untracked().into()) };
        submission.run(async move { api.finish_registration(form).await }, move |finished| {
            keep(step, Step::Done(Box::new(finished)));
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["code"]/>
            <TextField
                label=text!(i18n, join.code)
                hint=text!(i18n, join.code_text)
                value=code
                autocomplete="one-time-code"
                inputmode="numeric"
                required=true
                focus=true
                mono=true
                error=submission.field("code")
                testid="code"
            />
            <Button kind=Kind::Primary submit=true busy=submission.busy class="w-full" testid="confirm-code">
                {t!(i18n, join.confirm)}
            </Button>
            <Button on_press=move |()| keep(step, Step::Form) class="w-full">{t!(i18n, join.start_again)}</Button>
        </form>
    }
}

#[component]
fn Approved(claim: StoredValue<Secret>, step: RwSignal<Step>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let fetch = move |()| {
        let form = FinishRegistration { claim: claim.get_value(), code: None };
        submission.run(async move { api.finish_registration(form).await }, move |finished| {
            keep(step, Step::Done(Box::new(finished)));
        });
    };
    view! {
        <div class="flex flex-col gap-4" role="status">
            <Failure error=submission.error/>
            <Notice tone=Tone::Good>{t!(i18n, join.approved)}</Notice>
            <Button kind=Kind::Primary busy=submission.busy on_press=fetch class="w-full" testid="get-key">
                {t!(i18n, join.get_key)}
            </Button>
        </div>
    }
}
