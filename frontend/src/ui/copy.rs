//! Copying to the clipboard. The clipboard interface exists on https and localhost only, and Causeway is also
//! used over plain http on a local network, so there is a second way: select a text field and say "copy".

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::icon::{Glyph, Icon};
use crate::core::i18n::{t_string, use_i18n};

const CONFIRMED_FOR: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    Copied,
    Failed,
}

/// A button that copies a text and says so.
#[component]
pub(crate) fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// A button with a caption instead of an icon alone.
    #[prop(optional)]
    caption: bool,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let node = NodeRef::<html::Button>::new();
    let state = RwSignal::new(State::Idle);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let copied = match write_to_clipboard(&text).await {
                true => true,
                false => node.get_untracked().is_some_and(|button| copy_by_selection(&button, &text)),
            };
            let _ = state.try_set(if copied { State::Copied } else { State::Failed });
            set_timeout(move || _ = state.try_set(State::Idle), CONFIRMED_FOR);
        });
    };
    let label = move || match state.get() {
        State::Idle => t_string!(i18n, common.copy),
        State::Copied => t_string!(i18n, common.copied),
        State::Failed => t_string!(i18n, common.copy_failed),
    };
    let class = if caption { "btn btn-primary btn-sm" } else { "btn btn-ghost btn-sm btn-square" };
    view! {
        <button
            node_ref=node
            type="button"
            class=class
            aria-label=label
            title=label
            data-testid=(!testid.is_empty()).then_some(testid)
            data-copied=move || (state.get() == State::Copied).then_some("true")
            on:click=copy
        >
            {move || match state.get() {
                State::Idle => view! { <Glyph icon=Icon::Copy class="size-4"/> },
                State::Copied => view! { <Glyph icon=Icon::Check class="size-4"/> },
                State::Failed => view! { <Glyph icon=Icon::Alert class="size-4"/> },
            }}
            {caption.then(|| view! { <span aria-hidden="true">{label}</span> })}
        </button>
        <span class="sr-only" role="status">{move || (state.get() != State::Idle).then(label)}</span>
    }
}

/// A line of text, such as a link, with the button that copies it.
#[component]
pub(crate) fn CopyLine(
    text: String,
    #[prop(into)] label: Signal<String>,
    testid: &'static str,
) -> impl IntoView {
    let copied = text.clone();
    view! {
        <div class="flex items-center gap-2 rounded-box border border-base-300 bg-base-200 p-2 pl-4">
            <code class="grow select-all text-sm break-all" aria-label=move || label.get() data-testid=testid>{text}</code>
            <CopyButton text=Signal::stored(copied) caption=true testid="copy-link"/>
        </div>
    }
}

async fn write_to_clipboard(text: &str) -> bool {
    let window = window();
    if !window.is_secure_context() {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

/// The field stands beside the button, because everything outside an open dialog cannot be selected.
fn copy_by_selection(button: &web_sys::HtmlButtonElement, text: &str) -> bool {
    let try_copy = || {
        let document = button.owner_document()?.dyn_into::<web_sys::HtmlDocument>().ok()?;
        let field =
            document.create_element("textarea").ok()?.dyn_into::<web_sys::HtmlTextAreaElement>().ok()?;
        field.set_value(text);
        field.set_class_name("sr-only");
        button.parent_element()?.append_child(&field).ok()?;
        field.select();
        let copied = document.exec_command("copy").unwrap_or(false);
        field.remove();
        let _ = button.focus();
        Some(copied)
    };
    try_copy().unwrap_or(false)
}
