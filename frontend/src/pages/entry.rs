//! The frame of the pages before sign-in.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    core::i18n::{t, use_i18n},
    ui::{icon::Logo, preferences::Preferences},
};

/// A card in the middle of the page, below the logo.
#[component]
pub(crate) fn EntryCard(
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Title text=move || title.get()/>
        <div class="cw-water flex min-h-dvh flex-col items-center justify-center gap-6 px-4 py-10">
            <div class="flex items-center gap-3">
                <Logo class="size-11"/>
                <div class="leading-tight">
                    <p class="text-xl font-semibold tracking-tight">"Causeway"</p>
                    <p class="text-xs text-base-content/70">{t!(i18n, auth.tagline)}</p>
                </div>
            </div>
            <main class="w-full max-w-md rounded-box border border-base-300 bg-base-100 p-6 shadow-lg sm:p-8">
                <h1 class="text-xl font-semibold tracking-tight">{move || title.get()}</h1>
                <p class="mt-1 mb-6 text-sm text-base-content/70">{move || text.get()}</p>
                {children()}
            </main>
            <Preferences/>
        </div>
    }
}
