//! Accepting an invitation: by somebody new, by somebody with an account, or by whoever is signed in.

use causeway_openapi::{AcceptInvitation, AcceptedInvitation, InvitationPreview, Secret};
use leptos::{prelude::*, task::spawn_local};

use super::{locale, token};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::{Load, Query},
        routes::{self, use_go},
        session::{Visitor, use_session},
    },
    pages::{entry::EntryCard, members::role_name},
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// The page.
#[component]
pub(crate) fn Accept() -> impl IntoView {
    let i18n = use_i18n();
    let Some(token) = token() else {
        return view! {
            <EntryCard title=text!(i18n, join.accept_title) text=Signal::stored(String::new())>
                <Notice tone=Tone::Warning>{t!(i18n, join.no_token)}</Notice>
            </EntryCard>
        }
        .into_any();
    };
    let api = use_api();
    let shown = token.clone();
    let preview = Query::new(move || api.preview_invitation(shown.clone()));
    let line = Signal::derive(move || match preview.state.get() {
        Load::Ready(InvitationPreview { organization, role }) => {
            let role = role_name(role, i18n.get_locale());
            t_string!(i18n, join.accept_text, organization = organization, role = role)
        }
        Load::Loading => t_string!(i18n, join.accept_wait).to_owned(),
        Load::Failed(_) => String::new(),
    });
    let token = StoredValue::new(token);
    view! {
        <EntryCard title=text!(i18n, join.accept_title) text=line>
            {move || match preview.state.get() {
                Load::Loading => ().into_any(),
                Load::Failed(error) => view! {
                    <div data-testid="bad-link"><Notice tone=Tone::Bad>{move || error.message(i18n.get_locale())}</Notice></div>
                }
                .into_any(),
                Load::Ready(_) => view! { <Ways token/> }.into_any(),
            }}
        </EntryCard>
    }
    .into_any()
}

/// What there is to do, by who is here.
#[component]
fn Ways(token: StoredValue<Secret>) -> impl IntoView {
    let session = use_session();
    let standing = Memo::new(move |_| match session.visitor() {
        Visitor::Unknown => None,
        Visitor::Stranger => Some(None),
        Visitor::Member(member) => Some(Some(member.user.email.clone())),
    });
    move || match standing.get() {
        None => ().into_any(),
        Some(None) => view! { <Form token/> }.into_any(),
        Some(Some(email)) => view! { <AsMe token email/> }.into_any(),
    }
}

#[component]
fn AsMe(token: StoredValue<Secret>, email: String) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let submission = Submission::new();
    let accept = move |()| {
        let joined = async move {
            let joined = api.join(token.get_value()).await?;
            // They are a member now, whether or not the page can go over at once.
            let _ = api.switch_to(joined.organization.id).await;
            Ok(())
        };
        submission.run(joined, |()| routes::start_over());
    };
    let sign_out = move |_| {
        spawn_local(async move {
            let _ = api.sign_out().await;
            session.forget();
        });
    };
    view! {
        <div class="flex flex-col gap-4">
            <Failure error=submission.error/>
            <Button kind=Kind::Primary busy=submission.busy on_press=accept class="w-full" testid="accept-as-me">
                {move || t_string!(i18n, join.accept_as, email = email.clone())}
            </Button>
            <button type="button" class="link text-center text-sm text-base-content/70" on:click=sign_out>
                {t!(i18n, join.not_you)}
            </button>
        </div>
    }
}

#[component]
fn Form(token: StoredValue<Secret>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let go = use_go();
    let submission = Submission::new();
    let joined = RwSignal::new(None::<String>);
    let [email, name, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = AcceptInvitation {
            token: token.get_value(),
            email: email.get_untracked().trim().to_owned(),
            name: Some(name.get_untracked().trim().to_owned()).filter(|name| !name.is_empty()),
            password: password.get_untracked().into(),
            locale: locale(i18n.get_locale_untracked()),
        };
        let go = go.clone();
        submission.run(
            async move { api.accept_invitation(form).await },
            move |accepted: AcceptedInvitation| match accepted.session {
                Some(signed) => {
                    session.enter(signed);
                    go(routes::DASHBOARD);
                }
                None => joined.set(Some(accepted.organization.name)),
            },
        );
    };
    let send = StoredValue::new_local(send);
    move || {
        match joined.get() {
        Some(organization) => view! {
            <div class="flex flex-col gap-4" data-testid="joined">
                <Notice tone=Tone::Good>{move || t_string!(i18n, join.joined, organization = organization.clone())}</Notice>
                <a class="btn btn-primary w-full" href=routes::SIGN_IN>{t!(i18n, auth.sign_in)}</a>
            </div>
        }
        .into_any(),
        None => view! {
            <form class="flex flex-col gap-4" on:submit=move |event| send.with_value(|send| send(event))>
                <Failure error=submission.error fields=&["email", "name", "password"]/>
                <TextField
                    label=text!(i18n, auth.email)
                    hint=text!(i18n, join.email_hint)
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
                    hint=text!(i18n, join.name_hint)
                    value=name
                    name="name"
                    autocomplete="name"
                    error=submission.field("name")
                    testid="name"
                />
                <TextField
                    label=text!(i18n, auth.password)
                    hint=text!(i18n, join.password_hint)
                    value=password
                    kind="password"
                    name="password"
                    autocomplete="new-password"
                    required=true
                    error=submission.field("password")
                    testid="password"
                />
                <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="accept">
                    {t!(i18n, join.accept)}
                </Button>
            </form>
        }
        .into_any(),
    }
    }
}
