//! Who is signed in and where, with theme, language and the way out.

use leptos::{prelude::*, task::spawn_local};

use super::organizations::{Leave, Others};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, use_i18n},
        routes,
        session::use_session,
    },
    ui::{
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem, Placement},
        preferences::{LanguageToggle, ThemeToggle},
    },
};

/// The profile at the foot of the navigation.
#[component]
pub(super) fn Profile() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let name = Memo::new(move |_| session.member().map(|m| m.user.name).unwrap_or_default());
    let email = Memo::new(move |_| session.member().map(|m| m.user.email).unwrap_or_default());
    let organization = Memo::new(move |_| session.member().map(|m| m.organization.name).unwrap_or_default());
    let initial = move || name.with(|n| n.chars().next().map(|c| c.to_uppercase().to_string()));
    let leaving = RwSignal::new(false);
    let sign_out = move |()| {
        spawn_local(async move {
            // Whatever the server says, this page forgets: that is what was asked for.
            let _ = api.sign_out().await;
            session.forget();
        });
    };
    let face = view! {
        <span class="grid size-8 shrink-0 place-items-center rounded-full bg-primary text-sm font-semibold text-primary-content" aria-hidden="true">
            {initial}
        </span>
        <span class="flex min-w-0 grow flex-col text-left leading-tight">
            <span class="truncate text-sm font-medium">{move || name.get()}</span>
            <span class="truncate text-xs font-normal text-base-content/70">{move || organization.get()}</span>
        </span>
        <Glyph icon=Icon::Chevron class="size-4 rotate-180"/>
    }
    .into_any();
    view! {
        <div class="border-t border-base-300 p-3">
            <Menu
                // Contains the visible text: people who speak to their computer say what they see.
                label=Signal::derive(move || t_string!(i18n, shell.profile_of, name = format!("{} {}", name.get(), organization.get())))
                face
                class="flex w-full cursor-pointer items-center gap-3 rounded-field p-2 hover:bg-base-200"
                placement=Placement::Above
                testid="profile"
            >
                <p class="truncate px-3 py-2 text-xs text-base-content/70">{move || email.get()}</p>
                <div class="flex items-center justify-between gap-3 px-3 py-2 text-sm">
                    <span>{t!(i18n, common.theme)}</span>
                    <ThemeToggle/>
                </div>
                <div class="flex items-center justify-between gap-3 px-3 py-2 text-sm">
                    <span>{t!(i18n, common.language)}</span>
                    <LanguageToggle/>
                </div>
                <hr class="my-1 border-base-300"/>
                <Others on_leave=Callback::new(move |()| leaving.set(true))/>
                <a
                    href=routes::PROFILE
                    class="flex w-full items-center gap-2.5 rounded-field px-3 py-2 text-left text-sm hover:bg-base-200 focus-visible:bg-base-200"
                    data-testid="to-profile"
                >
                    <Glyph icon=Icon::Edit class="size-4"/>
                    {t!(i18n, shell.my_profile)}
                </a>
                <MenuItem on_press=sign_out testid="sign-out">
                    <Glyph icon=Icon::SignOut class="size-4"/>
                    {t!(i18n, shell.sign_out)}
                </MenuItem>
            </Menu>
            <Leave open=leaving/>
        </div>
    }
}
