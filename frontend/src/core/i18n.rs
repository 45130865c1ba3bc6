//! The typed translations that `build.rs` makes of `locales/`, and the choice of language.
//!
//! The choice lives in this browser's storage; without one the browser's own language decides.

// Generated code: it neither knows nor needs to follow our lints.
#[allow(warnings, clippy::all, clippy::pedantic)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/i18n.rs"));
}

pub(crate) use generated::i18n::{I18nContextProvider, Locale, t, t_string, td_string, tu_string, use_i18n};

use super::storage;

/// A translated text as a signal, for labels and other properties.
macro_rules! text {
    ($($key:tt)*) => {
        leptos::prelude::Signal::derive(move || $crate::core::i18n::t_string!($($key)*).to_string())
    };
}
pub(crate) use text;

const CHOICE: &str = "causeway.language";

/// The choice of an earlier visit.
pub(crate) fn stored() -> Option<Locale> {
    match storage::get(CHOICE)?.as_str() {
        "en" => Some(Locale::en),
        "zh" => Some(Locale::zh),
        _ => None,
    }
}

/// Remembers the choice for the next visit.
pub(crate) fn store(locale: Locale) {
    storage::set(CHOICE, tag(locale));
}

/// As in HTML's `lang`.
pub(crate) fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::zh => "zh",
    }
}
