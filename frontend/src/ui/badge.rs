//! A word with a colour that says how things stand. The word says it too.

use leptos::prelude::*;

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    Neutral,
    Info,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "badge badge-soft badge-success",
            Self::Warning => "badge badge-soft badge-warning",
            Self::Bad => "badge badge-soft badge-error",
            Self::Neutral => "badge badge-soft badge-neutral",
            Self::Info => "badge badge-soft badge-info",
        }
    }
}

/// A badge.
#[component]
pub(crate) fn Badge(
    #[prop(into)] tone: Signal<Tone>,
    #[prop(optional)] dot: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <span class=move || format!("{} whitespace-nowrap font-medium", tone.get().class())>
            {dot.then(|| view! { <span class="size-1.5 rounded-full bg-current" aria-hidden="true"></span> })}
            {children()}
        </span>
    }
}
