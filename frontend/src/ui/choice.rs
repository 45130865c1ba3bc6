//! A choice that needs words: radio buttons, each with what it means.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

/// The choices with their labels and explanations.
#[component]
pub(crate) fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    #[prop(into)] legend: Signal<String>,
    value: RwSignal<T>,
    options: Vec<(T, Signal<String>, Signal<String>)>,
    testid: &'static str,
) -> impl IntoView {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let group = format!("choice-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let option = move |(choice, label, text): (T, Signal<String>, Signal<String>)| {
        view! {
            <label class="flex cursor-pointer items-start gap-3 rounded-box border border-base-300 px-4 py-3 has-checked:border-primary has-checked:bg-primary/5">
                <input
                    type="radio"
                    class="radio radio-sm radio-primary mt-0.5"
                    name=group.clone()
                    prop:checked=move || value.get() == choice
                    on:change=move |_| value.set(choice)
                />
                <span class="flex min-w-0 flex-col gap-0.5 text-sm">
                    <span class="font-medium">{move || label.get()}</span>
                    <span class="text-xs text-base-content/70">{move || text.get()}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset data-testid=testid>
            <legend class="mb-2 text-sm font-medium">{move || legend.get()}</legend>
            <div class="grid gap-3 sm:grid-cols-2">{options.into_iter().map(option).collect_view()}</div>
        </fieldset>
    }
}
