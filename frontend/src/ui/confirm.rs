//! "Are you sure?", for what cannot be undone.

use leptos::prelude::*;

use super::{
    button::{Button, Kind},
    dialog::{Actions, Dialog},
};
use crate::core::i18n::{t, use_i18n};

/// The question, with what will happen.
#[component]
pub(crate) fn Confirm(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    /// The word on the button that does it.
    #[prop(into)]
    action: Signal<String>,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] on_confirm: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog open title testid="confirm">
            <p class="text-left text-sm whitespace-normal text-base-content/80">{move || text.get()}</p>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Danger busy on_press=on_confirm testid="confirm-action">{move || action.get()}</Button>
            </Actions>
        </Dialog>
    }
}
