//! Light, dark, or as the system says. `assets/prepaint.js` applies the same choice before the first paint.

use leptos::prelude::*;
use leptos_use::use_preferred_dark;

use super::storage;

const CHOICE: &str = "causeway.theme";

/// The person's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Follows the system, also when it changes at dusk.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Provides the choice as a signal and keeps the document in step with it.
pub(crate) fn provide() {
    let stored = storage::get(CHOICE);
    let initial = Theme::ALL.into_iter().find(|t| stored.as_deref() == Some(t.as_str())).unwrap_or_default();
    let theme = RwSignal::new(initial);
    let system_is_dark = use_preferred_dark();
    provide_context(theme);
    Effect::new(move |_| {
        let dark = match theme.get() {
            Theme::System => system_is_dark.get(),
            Theme::Light => false,
            Theme::Dark => true,
        };
        let root = document().document_element();
        if let Some(root) = root {
            let _ = root.set_attribute("data-theme", if dark { "causeway-dark" } else { "causeway" });
        }
    });
}

/// The choice, from any component.
pub(crate) fn use_theme() -> RwSignal<Theme> {
    expect_context()
}

/// Changes and remembers the choice.
pub(crate) fn choose(theme: RwSignal<Theme>, choice: Theme) {
    storage::set(CHOICE, choice.as_str());
    theme.set(choice);
}
