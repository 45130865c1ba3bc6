//! The frame around every page for members: navigation, profile, and the guard that sends strangers to sign in.

mod banners;
mod nav;
mod organizations;
mod profile;

use leptos::{html, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    core::{
        i18n::{t, t_string, use_i18n},
        routes::{self, use_go},
        session::{Visitor, use_session},
    },
    ui::icon::{Glyph, Icon, Logo},
};

/// Shows the page to members, and the way in to everybody else.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    let session = use_session();
    let go = use_go();
    let location = use_location();
    // Who the visitor is, not what is known about them: a changed name must not rebuild the page.
    let standing = Memo::new(move |_| match session.visitor() {
        Visitor::Unknown => None,
        Visitor::Stranger => Some(false),
        Visitor::Member(_) => Some(true),
    });
    Effect::new(move |_| {
        if standing.get() == Some(false) {
            let here = format!(
                "{}{}",
                location.pathname.get_untracked(),
                location.search.with_untracked(|s| {
                    if s.is_empty() { String::new() } else { format!("?{}", s.trim_start_matches('?')) }
                })
            );
            let next = js_sys::encode_uri_component(&here);
            go(&format!("{}?next={next}", routes::SIGN_IN));
        }
    });
    // An organisation that demands a second factor shows nothing else until it is there.
    let must_enrol = Memo::new(move |_| session.must_enrol());
    let to_profile = use_go();
    Effect::new(move |_| {
        if must_enrol.get() && location.pathname.get() != routes::PROFILE {
            to_profile(routes::PROFILE);
        }
    });
    move || match standing.get() {
        None => view! { <Waiting/> }.into_any(),
        Some(false) => ().into_any(),
        Some(true) => view! { <Frame/> }.into_any(),
    }
}

/// Before it is known who is there. Says something only when that takes long.
#[component]
fn Waiting() -> impl IntoView {
    let i18n = use_i18n();
    let slow = RwSignal::new(false);
    set_timeout(move || _ = slow.try_set(true), std::time::Duration::from_secs(3));
    view! {
        <div class="grid min-h-dvh place-items-center">
            <div class="flex flex-col items-center gap-4" role="status">
                <Logo class="size-12 animate-pulse"/>
                <Show when=move || slow.get()>
                    <p class="text-sm text-base-content/70">{t!(i18n, shell.connecting)}</p>
                </Show>
            </div>
        </div>
    }
}

/// Navigation beside the page; on a phone it slides in from the left.
#[component]
fn Frame() -> impl IntoView {
    let i18n = use_i18n();
    let open = RwSignal::new(false);
    let (opener, closer) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    let location = use_location();
    Effect::new(move |_| {
        location.pathname.track();
        open.set(false);
    });
    // The focus goes with the navigation, into it and back.
    Effect::new(move |was_open: Option<bool>| {
        let is_open = open.get();
        let target = match (was_open, is_open) {
            (_, true) => closer.get_untracked(),
            (Some(true), false) => opener.get_untracked(),
            _ => None,
        };
        if let Some(button) = target {
            // It cannot take the focus before it is shown.
            request_animation_frame(move || _ = button.focus());
        }
        is_open
    });
    view! {
        <a href="#content" class="btn btn-primary btn-sm absolute left-2 -top-16 z-50 focus:top-2">
            {t!(i18n, shell.skip_to_content)}
        </a>
        <div class="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
            <header class="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-base-300 bg-base-100/90 px-3 backdrop-blur lg:hidden">
                <button
                    node_ref=opener
                    type="button"
                    class="btn btn-ghost btn-square btn-sm"
                    aria-label=move || t_string!(i18n, shell.open_menu)
                    aria-expanded=move || open.get().to_string()
                    aria-controls="navigation"
                    data-testid="open-menu"
                    on:click=move |_| open.set(true)
                >
                    <Glyph icon=Icon::Menu/>
                </button>
                <a href=routes::DASHBOARD class="flex items-center gap-2 font-semibold"><Logo class="size-7"/>"Causeway"</a>
            </header>
            <Show when=move || open.get()>
                <div class="fixed inset-0 z-30 bg-black/40 lg:hidden" aria-hidden="true" on:click=move |_| open.set(false)></div>
            </Show>
            <aside
                id="navigation"
                class="cw-drawer fixed inset-y-0 left-0 z-40 flex w-68 flex-col border-r border-base-300 bg-base-100 lg:sticky lg:top-0 lg:z-10 lg:h-dvh lg:w-auto"
                data-open=move || open.get().to_string()
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        open.set(false);
                    }
                }
            >
                <div class="flex h-16 items-center justify-between px-4">
                    <a href=routes::DASHBOARD class="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
                        <Logo/>
                        "Causeway"
                    </a>
                    <button
                        node_ref=closer
                        type="button"
                        class="btn btn-ghost btn-square btn-sm lg:hidden"
                        aria-label=move || t_string!(i18n, common.close)
                        on:click=move |_| open.set(false)
                    >
                        <Glyph icon=Icon::Close/>
                    </button>
                </div>
                <nav::Navigation/>
                <profile::Profile/>
            </aside>
            <main id="content" tabindex="-1" class="min-w-0 px-4 py-6 outline-none sm:px-8 sm:py-8">
                <banners::Banners/>
                <div class="mx-auto max-w-6xl"><nav::Permitted/></div>
            </main>
        </div>
    }
}
