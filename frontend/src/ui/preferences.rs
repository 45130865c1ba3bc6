//! Theme and language, for the profile menu and for pages without one.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::core::{
    i18n::{self, Locale, t, t_string, use_i18n},
    theme::{self, Theme, use_theme},
};

const GROUP: &str = "flex gap-0.5 rounded-field bg-base-300/60 p-0.5";
const OPTION: &str = "cursor-pointer rounded-field px-2 py-1 text-xs font-medium text-base-content/70 \
     hover:text-base-content aria-pressed:bg-base-100 aria-pressed:text-primary aria-pressed:shadow-xs dark:aria-pressed:bg-base-content/15";

/// Three buttons of which one is pressed.
#[component]
pub(crate) fn ThemeToggle() -> impl IntoView {
    let i18n = use_i18n();
    let theme = use_theme();
    let option = move |choice: Theme| {
        let icon = match choice {
            Theme::System => Icon::Screen,
            Theme::Light => Icon::Sun,
            Theme::Dark => Icon::Moon,
        };
        let label = move || match choice {
            Theme::System => t_string!(i18n, common.theme_system),
            Theme::Light => t_string!(i18n, common.theme_light),
            Theme::Dark => t_string!(i18n, common.theme_dark),
        };
        view! {
            <button
                type="button"
                class=OPTION
                aria-pressed=move || (theme.get() == choice).to_string()
                aria-label=label
                title=label
                on:click=move |event| {
                    event.stop_propagation();
                    theme::choose(theme, choice);
                }
            >
                <Glyph icon class="size-4"/>
            </button>
        }
    };
    view! {
        <div class=GROUP role="group" aria-label=move || t_string!(i18n, common.theme) data-testid="theme-toggle">
            {Theme::ALL.map(option).collect_view()}
        </div>
    }
}

/// English or Chinese, each named in itself.
#[component]
pub(crate) fn LanguageToggle() -> impl IntoView {
    let i18n = use_i18n();
    let option = move |locale: Locale, name: &'static str| {
        view! {
            <button
                type="button"
                class=OPTION
                aria-pressed=move || (i18n.get_locale() == locale).to_string()
                lang=i18n::tag(locale)
                on:click=move |event| {
                    event.stop_propagation();
                    i18n::store(locale);
                    i18n.set_locale(locale);
                }
            >
                {name}
            </button>
        }
    };
    view! {
        <div class=GROUP role="group" aria-label=move || t_string!(i18n, common.language) data-testid="language-toggle">
            {option(Locale::en, "EN")}
            {option(Locale::zh, "中文")}
        </div>
    }
}

/// Both, in a corner of the pages before sign-in.
#[component]
pub(crate) fn Preferences() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="flex flex-wrap items-center justify-center gap-3">
            <LanguageToggle/>
            <ThemeToggle/>
            <span class="sr-only">{t!(i18n, common.preferences)}</span>
        </div>
    }
}
