//! A button that opens a small menu. Escape, a click elsewhere, scrolling and choosing something close it.

use leptos::{ev, html, prelude::*};
use leptos_use::{on_click_outside, use_document, use_event_listener, use_window};

/// Where the menu opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Beside the button, wherever there is room. Fixed to the window, because a table that scrolls sideways
    /// would cut it off.
    #[default]
    Near,
    /// Above the button and as wide.
    Above,
}

/// Height that a menu may need, in pixels.
const ROOM: f64 = 220.0;

/// The button and its menu. The children are the menu's items.
#[component]
pub(crate) fn Menu(
    #[prop(into)] label: Signal<String>,
    /// What the button shows.
    face: AnyView,
    #[prop(default = "btn btn-ghost btn-sm btn-square")] class: &'static str,
    #[prop(optional)] placement: Placement,
    #[prop(optional)] testid: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    // Distances from the window's top or bottom edge, and from its right edge.
    let (top, bottom, right) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
    let node = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let close = move || {
        if open.get_untracked() {
            open.set(false);
        }
    };
    let _ = on_click_outside(node, move |_| close());
    let _ = use_event_listener(use_window(), ev::scroll, move |_| close());
    let _ = use_event_listener(use_window(), ev::resize, move |_| close());
    let _ = use_event_listener(use_document(), ev::keydown, move |event| {
        if event.key() == "Escape" && open.get_untracked() {
            open.set(false);
            if let Some(button) = button.get_untracked() {
                let _ = button.focus();
            }
        }
    });
    let toggle = move |_| {
        if placement == Placement::Near
            && let Some(button) = button.get_untracked()
        {
            let place = button.get_bounding_client_rect();
            let size = |value: Result<_, _>| {
                value.ok().and_then(|v: wasm_bindgen::JsValue| v.as_f64()).unwrap_or_default()
            };
            let (width, height) = (size(window().inner_width()), size(window().inner_height()));
            let below = place.bottom() + ROOM < height;
            top.set(below.then(|| format!("{}px", place.bottom() + 4.0)));
            bottom.set((!below).then(|| format!("{}px", height - place.top() + 4.0)));
            right.set(Some(format!("{}px", (width - place.right()).max(8.0))));
        }
        open.update(|open| *open = !*open);
    };
    let position = match placement {
        Placement::Near => "fixed",
        Placement::Above => "absolute bottom-full left-0 right-0 mb-1",
    };
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
                on:click=toggle
            >
                {face}
            </button>
            <Show when=move || open.get()>
                <div
                    class=format!(
                        "{position} z-30 min-w-48 rounded-box border border-base-300 bg-base-100 p-1.5 shadow-lg",
                    )
                    style:top=move || top.get()
                    style:bottom=move || bottom.get()
                    style:right=move || right.get()
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
            class="flex w-full cursor-pointer items-center gap-2.5 rounded-field px-3 py-2 text-left text-sm hover:bg-base-200 focus-visible:bg-base-200"
            class:text-error=danger
            data-testid=(!testid.is_empty()).then_some(testid)
            on:click=move |_| on_press.run(())
        >
            {children()}
        </button>
    }
}
