//! Making an organisation with its first owner, and the link to hand over where that person has no account yet.

use causeway_openapi::{CreateTenant, CreatedTenant, Tenant};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
    },
    pages::members::OneTimeLink,
    ui::{
        button::{Button, Kind},
        dialog::{Actions, Dialog},
        field::TextField,
        notice::Failure,
        toast::use_toasts,
    },
};

/// What is shown once: for whom, into what, and the link.
#[derive(Clone)]
struct Invited {
    email: String,
    name: String,
    link: String,
}

/// The dialog: the form, and then the link where there is one.
#[component]
pub(super) fn Create(open: RwSignal<bool>, pages: Pages<Tenant>) -> impl IntoView {
    let i18n = use_i18n();
    let invited = RwSignal::new(None::<Invited>);
    // Once the dialog is closed the link is gone, here too.
    Effect::new(move |_| {
        if !open.get() {
            invited.set(None);
        }
    });
    let title = Signal::derive(move || {
        if invited.with(Option::is_some) {
            t_string!(i18n, installation.owner_link).to_owned()
        } else {
            t_string!(i18n, installation.create).to_owned()
        }
    });
    view! {
        <Dialog open title dismissable=Signal::derive(move || invited.with(Option::is_none)) testid="create-dialog">
            {move || match invited.get() {
                None => view! { <Form open pages invited/> }.into_any(),
                Some(invited) => view! { <Link invited open/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, pages: Pages<Tenant>, invited: RwSignal<Option<Invited>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let (name, owner) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let zone = RwSignal::new(String::new());
    let done = move |CreatedTenant { tenant, owner_invitation }: CreatedTenant| {
        pages.reload();
        let name = tenant.name;
        let Some(sent) = owner_invitation else {
            open.set(false);
            return toasts.good(tu_string!(i18n, installation.created, name = name));
        };
        let email = sent.invitation.email;
        match sent.link {
            Some(link) => invited.set(Some(Invited { email, name, link: link.0 })),
            None => {
                open.set(false);
                toasts.good(tu_string!(i18n, installation.owner_invited, name = name, email = email));
            }
        }
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let time_zone = Some(zone.get_untracked().trim().to_owned()).filter(|zone| !zone.is_empty());
        let new = CreateTenant { name: name.get_untracked(), owner_email: owner.get_untracked(), time_zone };
        submission.run(async move { api.make_tenant(new).await }, done);
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["name", "owner_email", "time_zone"]/>
            <TextField label=text!(i18n, installation.create_name) value=name required=true focus=true error=submission.field("name") testid="create-name"/>
            <TextField label=text!(i18n, installation.owner_email) hint=text!(i18n, installation.owner_hint) value=owner kind="email" required=true error=submission.field("owner_email") testid="create-owner"/>
            <TextField label=text!(i18n, installation.time_zone) value=zone placeholder="UTC" error=submission.field("time_zone") testid="create-zone"/>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="confirm-create">{t!(i18n, installation.create)}</Button>
            </Actions>
        </form>
    }
}

/// The link, shown once.
#[component]
fn Link(invited: Invited, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let Invited { email, name, link } = invited;
    view! {
        <p class="mb-4 text-sm break-words">
            {move || t_string!(i18n, installation.owner_link_text, email = email.clone(), name = name.clone())}
        </p>
        <OneTimeLink link/>
        <Actions>
            <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="owner-link-done">{t!(i18n, common.done)}</Button>
        </Actions>
    }
}
