//! A button that opens a small menu. Escape, a click elsewhere and choosing something close it.

use leptos::{ev, html, prelude::*};
use leptos_use::{on_click_outside, use_document, use_event_listener};

/// The button and its menu. The children are the menu's items.
#[component]
pub(crate) fn Menu(
    #[prop(into)] label: Signal<String>,
    /// What the button shows.
    face: AnyView,
    #[prop(default = "btn btn-ghost btn-sm btn-square")] class: &'static str,
    #[prop(default = "right-0 top-full mt-1")] placement: &'static str,
    #[prop(optional)] testid: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let node = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let _ = on_click_outside(node, move |_| open.set(false));
    let _ = use_event_listener(use_document(), ev::keydown, move |event| {
        if event.key() == "Escape" && open.get_untracked() {
            open.set(false);
            if let Some(button) = button.get_untracked() {
                let _ = button.focus();
            }
        }
    });
    let children = StoredValue::new(children);
    view! {
        <div class="relative" node_ref=node>
            <button
                node_ref=button
                type="button"
                class=class
                aria-label=move || label.get()
                aria-haspopup="true"
                aria-expanded=move || open.get().to_string()
                data-testid=(!testid.is_empty()).then_some(testid)
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {face}
            </button>
            <Show when=move || open.get()>
                <div
                    class=format!(
                        "absolute z-30 min-w-48 rounded-box border border-base-300 bg-base-100 p-1.5 shadow-lg {placement}",
                    )
                    on:click=move |_| open.set(false)
                >
                    {children.with_value(|children| children())}
                </div>
            </Show>
        </div>
    }
}

/// One thing to do in a menu.
#[component]
pub(crate) fn MenuItem(
    #[prop(into)] on_press: Callback<()>,
    #[prop(optional)] danger: bool,
    #[prop(optional)] testid: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="flex w-full items-center gap-2.5 rounded-field px-3 py-2 text-left text-sm hover:bg-base-200 focus-visible:bg-base-200"
            class:text-error=danger
            data-testid=(!testid.is_empty()).then_some(testid)
            on:click=move |_| on_press.run(())
        >
            {children()}
        </button>
    }
}
