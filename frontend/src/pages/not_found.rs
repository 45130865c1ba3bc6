//! An address that leads nowhere.

use leptos::prelude::*;

use crate::{
    core::{
        i18n::{t, text, use_i18n},
        routes,
    },
    pages::entry::EntryCard,
};

/// Says so, and leads back.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <EntryCard
            title=text!(i18n, shell.not_found)
            text=text!(i18n, shell.not_found_text)
        >
            <a class="btn btn-primary w-full" href=routes::DASHBOARD>{t!(i18n, shell.to_dashboard)}</a>
        </EntryCard>
    }
}
