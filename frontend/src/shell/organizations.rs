//! The organisations that a person may enter instead, and leaving the one that they are in.

use causeway_openapi::Membership;
use leptos::prelude::*;

use crate::{
    core::{
        api::{Api, use_api},
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    pages::members::role_name,
    ui::{
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::MenuItem,
        toast::use_toasts,
    },
};

/// The others, as items of the profile's menu. Read when the menu opens.
#[component]
pub(super) fn Others(on_leave: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let here = session.member().map(|m| m.organization);
    let here_id = here.as_ref().map(|org| org.id);
    let name = StoredValue::new(here.map(|org| org.name).unwrap_or_default());
    let me = Query::new(move || api.me());
    let others = move || {
        let memberships = me.data().map(|me| me.memberships).unwrap_or_default();
        let others: Vec<Membership> =
            memberships.into_iter().filter(|m| Some(m.organization.id) != here_id).collect();
        (!others.is_empty()).then(|| {
            view! {
                <p class="px-3 pt-2 pb-1 text-xs text-base-content/70">{t!(i18n, shell.switch_to)}</p>
                <div class="max-h-48 overflow-y-auto">
                    {others.into_iter().map(|other| view! { <Other other api/> }).collect_view()}
                </div>
                <hr class="my-1 border-base-300"/>
            }
        })
    };
    view! {
        {others}
        <MenuItem on_press=on_leave testid="leave">
            <Glyph icon=Icon::Building class="size-4"/>
            {move || t_string!(i18n, shell.leave, name = name.get_value())}
        </MenuItem>
    }
}

#[component]
fn Other(other: Membership, api: Api) -> impl IntoView {
    let i18n = use_i18n();
    let toasts = use_toasts();
    let (org, role) = (other.organization.id, other.role);
    let switch = move |()| {
        // The menu closes with the click, so what comes of it cannot hang on the menu's own signals.
        leptos::task::spawn_local(async move {
            match api.switch_to(org).await {
                Ok(()) => routes::start_over(),
                Err(error) => toasts.bad(error.message(i18n.get_locale_untracked())),
            }
        });
    };
    view! {
        <MenuItem on_press=switch testid="switch-organization">
            <Glyph icon=Icon::Building class="size-4"/>
            <span class="flex min-w-0 flex-col leading-tight">
                <span class="truncate">{other.organization.name}</span>
                <span class="text-xs text-base-content/70">{move || role_name(role, i18n.get_locale())}</span>
            </span>
        </MenuItem>
    }
}

/// The question before leaving.
#[component]
pub(super) fn Leave(open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let leaving = Submission::new();
    let name = Memo::new(move |_| session.member().map(|m| m.organization.name).unwrap_or_default());
    // Opened anew, the page finds another organisation to be in, or none and the way to sign in.
    let leave = move |()| leaving.run(async move { api.leave().await }, |()| routes::start_over());
    Effect::new(move |_| {
        if let Some(error) = leaving.error.get() {
            open.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    view! {
        <Confirm
            open
            title=Signal::derive(move || t_string!(i18n, shell.leave, name = name.get()))
            text=text!(i18n, shell.leave_text)
            action=text!(i18n, shell.leave_action)
            busy=leaving.busy
            on_confirm=leave
        />
    }
}
