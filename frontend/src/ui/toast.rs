//! Short messages about what has just happened. They are read out, and leave by themselves.

use std::time::Duration;

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::core::i18n::{t_string, use_i18n};

const SHOWN_FOR: Duration = Duration::from_secs(6);

#[derive(Clone)]
struct Toast {
    id: u32,
    good: bool,
    text: String,
}

/// Where messages go.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Something worked.
    pub(crate) fn good(self, text: impl Into<String>) {
        self.push(true, text.into());
    }

    /// Something failed.
    pub(crate) fn bad(self, text: impl Into<String>) {
        self.push(false, text.into());
    }

    fn push(self, good: bool, text: String) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| list.push(Toast { id, good, text }));
        set_timeout(move || self.remove(id), SHOWN_FOR);
    }

    fn remove(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }
}

/// The messages, from any component.
pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}

/// The corner where messages appear.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let i18n = use_i18n();
    let toasts = use_toasts();
    let shown = move |toast: Toast| {
        let Toast { id, good, text } = toast;
        let (icon, tone) = if good { (Icon::Check, "text-success") } else { (Icon::Alert, "text-error") };
        view! {
            <div class="card card-border bg-base-100 border-base-300 shadow-lg flex-row items-start gap-3 p-3 pl-4 max-w-sm whitespace-normal">
                <span class=format!("{tone} mt-0.5")><Glyph icon/></span>
                <p class="text-sm grow break-words">{text}</p>
                <button
                    type="button"
                    class="btn btn-ghost btn-xs btn-square"
                    aria-label=move || t_string!(i18n, common.close)
                    on:click=move |_| toasts.remove(id)
                >
                    <Glyph icon=Icon::Close class="size-4"/>
                </button>
            </div>
        }
    };
    view! {
        <div class="toast toast-end toast-bottom z-50" role="status" aria-live="polite" data-testid="toasts">
            <For each=move || toasts.list.get() key=|toast| toast.id children=shown/>
        </div>
    }
}
