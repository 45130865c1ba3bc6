//! Dialogs on the browser's own `<dialog>`: it keeps the focus inside, gives it back afterwards, and closes on
//! Escape.

use leptos::{html, prelude::*};

use super::icon::{Glyph, Icon};
use crate::core::i18n::{t_string, use_i18n};

/// A modal dialog. Its content is built when it opens and dropped when it closes, so every opening starts fresh.
#[component]
pub(crate) fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] wide: bool,
    /// False while closing by accident would lose something that is shown once.
    #[prop(default = Signal::stored(true), into)]
    dismissable: Signal<bool>,
    #[prop(optional)] testid: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let children = StoredValue::new(children);
    let width = if wide { "sm:max-w-2xl" } else { "sm:max-w-lg" };
    view! {
        <dialog
            node_ref=node
            class="modal modal-bottom sm:modal-middle"
            aria-label=move || title.get()
            data-testid=(!testid.is_empty()).then_some(testid)
            on:close=move |_| open.set(false)
            on:cancel=move |event: web_sys::Event| {
                if !dismissable.get_untracked() {
                    event.prevent_default();
                }
            }
        >
            <Show when=move || open.get()>
                <div class=format!("modal-box {width} p-0 flex flex-col max-h-[92dvh]")>
                    <header class="flex items-center justify-between gap-4 px-6 pt-5 pb-3">
                        <h2 class="text-lg font-semibold">{move || title.get()}</h2>
                        <Show when=move || dismissable.get()>
                            <button
                                type="button"
                                class="btn btn-ghost btn-sm btn-square -mr-2"
                                aria-label=move || t_string!(i18n, common.close)
                                on:click=move |_| open.set(false)
                            >
                                <Glyph icon=Icon::Close/>
                            </button>
                        </Show>
                    </header>
                    <div class="overflow-y-auto px-6 pb-6">{children.with_value(|children| children())}</div>
                </div>
            </Show>
        </dialog>
    }
}

/// The row of buttons at a dialog's end.
#[component]
pub(crate) fn Actions(children: Children) -> impl IntoView {
    view! {
       <div class="sticky -bottom-6 -mx-6 mt-6 -mb-6 flex flex-wrap justify-end gap-2 border-t border-base-300 bg-base-100 px-6 py-4">
           {children()}
       </div>
    }
}
