//! Giving a member another role.

use causeway_domain::{Role, UserId};
use causeway_openapi::{Member, Page, UpdateMember};
use leptos::prelude::*;

use super::role_name;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        choice::Choice,
        dialog::Actions,
        notice::Failure,
        toast::use_toasts,
    },
};

/// The roles that the person here may give, with what they mean.
#[component]
pub(super) fn RoleChoice(value: RwSignal<Role>) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let own = session.member().map_or(Role::Viewer, |me| me.role);
    let options = [
        (Role::Contributor, text!(i18n, members.contributor_text)),
        (Role::Viewer, text!(i18n, members.viewer_text)),
        (Role::Member, text!(i18n, members.member_text)),
        (Role::Admin, text!(i18n, members.admin_text)),
        (Role::Owner, text!(i18n, members.owner_text)),
    ];
    let options = options.into_iter().filter(|(role, _)| *role <= own).map(|(role, text)| {
        (role, Signal::derive(move || role_name(role, i18n.get_locale()).to_owned()), text)
    });
    view! { <Choice legend=text!(i18n, members.role) value options=options.collect() testid="role"/> }
}

/// What the dialog shows.
#[component]
pub(super) fn ChangeRole(
    id: UserId,
    role: Role,
    members: Query<Page<Member>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let submission = Submission::new();
    let value = RwSignal::new(role);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let change = UpdateMember { role: Some(value.get_untracked()), ..UpdateMember::default() };
        submission.run(async move { api.change_member(id, change).await }, move |member| {
            open.set(false);
            if session.member().is_some_and(|me| me.user.id == member.id && me.role != member.role) {
                return routes::start_over();
            }
            let role = role_name(member.role, i18n.get_locale_untracked());
            toasts.good(tu_string!(i18n, members.role_toast, name = member.name, role = role));
            members.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error/>
            <p class="text-sm text-base-content/70">{t!(i18n, members.role_text)}</p>
            <RoleChoice value/>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-role">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
