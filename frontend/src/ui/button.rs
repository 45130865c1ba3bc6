//! Buttons. A busy button keeps its width and its focus, and cannot be pressed twice.

use leptos::prelude::*;

/// What a button is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one thing to do here.
    Primary,
    /// Anything else.
    #[default]
    Plain,
    /// Cannot be undone.
    Danger,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => {
                "btn btn-outline border-base-300 bg-base-100 hover:bg-base-200 hover:text-base-content"
            }
            Self::Danger => "btn btn-error",
        }
    }
}

/// A button. Within a form, `submit` makes it send the form.
#[component]
pub(crate) fn Button(
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] submit: bool,
    #[prop(optional)] small: bool,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
    /// For controls without a text of their own.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    #[prop(optional)] testid: &'static str,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let size = if small { "btn-sm" } else { "" };
    let press = move |_| {
        if let Some(on_press) = on_press
            && !busy.get_untracked()
        {
            on_press.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=format!("{} {size} {class}", kind.class())
            data-testid=(!testid.is_empty()).then_some(testid)
            aria-label=move || label.map(|l| l.get())
            title=move || label.map(|l| l.get())
            aria-busy=move || busy.get().then_some("true")
            disabled=move || disabled.get() || busy.get()
            on:click=press
        >
            <Show when=move || busy.get()>
                <span class="loading loading-spinner loading-xs" aria-hidden="true"></span>
            </Show>
            {children()}
        </button>
    }
}
