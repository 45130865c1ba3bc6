//! Making an organisation with its first owner.

use causeway_openapi::{CreateTenant, Tenant};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
        pages::Pages,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        notice::Failure,
        toast::use_toasts,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn CreateForm(open: RwSignal<bool>, pages: Pages<Tenant>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let (name, owner) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let zone = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let time_zone = Some(zone.get_untracked().trim().to_owned()).filter(|zone| !zone.is_empty());
        let new = CreateTenant { name: name.get_untracked(), owner_email: owner.get_untracked(), time_zone };
        submission.run(async move { api.make_tenant(new).await }, move |made| {
            open.set(false);
            toasts.good(tu_string!(i18n, installation.created, name = made.name));
            pages.reload();
        });
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
