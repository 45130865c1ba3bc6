//! Opening a registration link.

use causeway_domain::Role;
use causeway_openapi::{CreateRegistrationLink, Page, RegistrationLink};
use leptos::prelude::*;

use super::{invite::OneTimeLink, role_name};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        choice::Choice,
        dialog::Actions,
        field::TextField,
        notice::Failure,
    },
};

/// The form, and then the link.
#[component]
pub(super) fn OpenLink(links: Query<Page<RegistrationLink>>, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let made = RwSignal::new(None::<String>);
    move || match made.get() {
        None => view! { <Form links open made/> }.into_any(),
        Some(link) => view! {
            <OneTimeLink link/>
            <Actions>
                <Button on_press=move |()| open.set(false) testid="link-done">{t!(i18n, common.done)}</Button>
            </Actions>
        }
        .into_any(),
    }
}

#[component]
fn Form(
    links: Query<Page<RegistrationLink>>,
    open: RwSignal<bool>,
    made: RwSignal<Option<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let name = RwSignal::new(String::new());
    let [people, days] = ["10", "7"].map(|text| RwSignal::new(text.to_owned()));
    let role = RwSignal::new(Role::Member);
    let bad = RwSignal::new((false, false));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (count, good_for) =
            (people.get_untracked().trim().parse::<u32>(), days.get_untracked().trim().parse::<u16>());
        bad.set((count.is_err(), good_for.is_err()));
        let (Ok(max_uses), Ok(expires_in_days)) = (count, good_for) else { return };
        let link = CreateRegistrationLink {
            name: name.get_untracked().trim().to_owned(),
            role: Some(role.get_untracked()),
            max_uses,
            expires_in_days: Some(expires_in_days),
        };
        submission.run(async move { api.open_registration_link(link).await }, move |opened| {
            links.reload();
            made.set(Some(opened.link.0));
        });
    };
    let people_error = Signal::derive(move || {
        let here = bad.get().0.then(|| t_string!(i18n, members.not_count).to_owned());
        here.or_else(|| submission.field("max_uses").get())
    });
    let days_error = Signal::derive(move || {
        let here = bad.get().1.then(|| t_string!(i18n, members.not_days).to_owned());
        here.or_else(|| submission.field("expires_in_days").get())
    });
    let roles =
        [(Role::Viewer, text!(i18n, members.viewer_text)), (Role::Member, text!(i18n, members.member_text))];
    let roles = roles.into_iter().map(|(role, text)| {
        (role, Signal::derive(move || role_name(role, i18n.get_locale()).to_owned()), text)
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=&["name", "max_uses", "expires_in_days"]/>
            <TextField label=text!(i18n, members.link_name) optional=text!(i18n, common.optional) value=name focus=true error=submission.field("name") testid="link-name"/>
            <Choice legend=text!(i18n, members.role) value=role options=roles.collect() testid="link-role"/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField label=text!(i18n, members.max_uses) value=people inputmode="numeric" required=true error=people_error testid="link-people"/>
                <TextField label=text!(i18n, members.days) hint=text!(i18n, members.days_hint) value=days inputmode="numeric" required=true error=days_error testid="link-days"/>
            </div>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-link">{t!(i18n, members.open_link)}</Button>
            </Actions>
        </form>
    }
}
