//! The first start: whoever holds the one-time link makes the first organisation and becomes its owner.

use causeway_openapi::Setup;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        query::{Load, Query},
        routes::{self, use_go},
        session::use_session,
    },
    pages::entry::EntryCard,
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// The set-up form, or why there is none.
#[component]
pub(crate) fn SetUp() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let instance = Query::new(move || api.instance());
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    let has_token = !token.is_empty();
    let token = StoredValue::new(token);
    let done = move || matches!(instance.state.get(), Load::Ready(i) if !i.setup_required);
    view! {
        <EntryCard
            title=text!(i18n, auth.setup)
            text=text!(i18n, auth.setup_text)
        >
            {move || {
                if done() {
                    view! {
                        <Notice tone=Tone::Info>{t!(i18n, auth.setup_done)}</Notice>
                        <a class="btn btn-primary mt-4 w-full" href=routes::SIGN_IN>{t!(i18n, auth.sign_in)}</a>
                    }
                    .into_any()
                } else if has_token {
                    view! { <Form token=token.get_value()/> }.into_any()
                } else {
                    view! { <Notice tone=Tone::Warning>{t!(i18n, auth.setup_no_token)}</Notice> }.into_any()
                }
            }}
        </EntryCard>
    }
}

#[component]
fn Form(token: String) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let go = use_go();
    let organization = RwSignal::new(String::new());
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let submission = Submission::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let setup = Setup {
            token: token.as_str().into(),
            organization: organization.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked().into(),
            time_zone: browser_time_zone(),
        };
        let go = go.clone();
        submission.run(async move { api.set_up(setup).await }, move |signed| {
            session.enter(signed);
            go(routes::DASHBOARD);
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["organization", "name", "email", "password"]/>
            <TextField
                label=text!(i18n, auth.organization)
                hint=text!(i18n, auth.organization_hint)
                value=organization
                name="organization"
                autocomplete="organization"
                required=true
                focus=true
                error=submission.field("organization")
                testid="organization"
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
                label=text!(i18n, auth.email)
                value=email
                kind="email"
                name="email"
                autocomplete="username"
                required=true
                error=submission.field("email")
                testid="email"
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
            <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="finish-setup">
                {t!(i18n, auth.finish_setup)}
            </Button>
        </form>
    }
}

/// The IANA name of the browser's time zone, so that "today" means the owner's day from the start.
fn browser_time_zone() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    js_sys::Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}
