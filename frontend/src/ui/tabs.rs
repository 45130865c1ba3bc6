//! A choice among a few, side by side. Radio buttons underneath, so that arrow keys work and screen readers know.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

/// The choices with their labels.
#[component]
pub(crate) fn Tabs<T: Copy + PartialEq + Send + Sync + 'static>(
    #[prop(into)] label: Signal<String>,
    value: RwSignal<T>,
    options: Vec<(T, Signal<String>)>,
    #[prop(optional)] small: bool,
    testid: &'static str,
) -> impl IntoView {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let group = format!("tabs-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let size = if small { "px-2.5 py-1 text-xs" } else { "px-3 py-1.5 text-sm" };
    let option = move |(choice, label): (T, Signal<String>)| {
        view! {
            <label class=format!("{size} cursor-pointer rounded-field font-medium text-base-content/70 has-checked:bg-base-100 has-checked:text-base-content has-checked:shadow-xs dark:has-checked:bg-base-content/15 has-focus-visible:outline-2 has-focus-visible:outline-primary")>
                <input
                    type="radio"
                    class="sr-only"
                    name=group.clone()
                    prop:checked=move || value.get() == choice
                    on:change=move |_| value.set(choice)
                />
                {move || label.get()}
            </label>
        }
    };
    view! {
        <div
            class="flex flex-wrap gap-1 rounded-field bg-base-300/60 p-1"
            role="radiogroup"
            aria-label=move || label.get()
            data-testid=testid
        >
            {options.into_iter().map(option).collect_view()}
        </div>
    }
}
