//! Several of a few: check boxes under one heading.

use leptos::prelude::*;

/// The choices as (value, label); `value` holds those that are checked.
#[component]
pub(crate) fn Checks(
    #[prop(into)] legend: Signal<String>,
    #[prop(into)] hint: Signal<String>,
    value: RwSignal<Vec<String>>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    testid: &'static str,
) -> impl IntoView {
    let set = move |option: &str, on: bool| {
        value.update(|chosen| {
            chosen.retain(|c| c != option);
            if on {
                chosen.push(option.to_owned());
            }
        });
    };
    let option = move |(option, label): (String, String)| {
        let this = StoredValue::new(option);
        view! {
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input
                    type="checkbox"
                    class="checkbox checkbox-sm checkbox-primary"
                    prop:checked=move || this.with_value(|this| value.with(|chosen| chosen.contains(this)))
                    on:change=move |event| this.with_value(|this| set(this, event_target_checked(&event)))
                />
                <span class="min-w-0 break-words">{label}</span>
            </label>
        }
    };
    view! {
        <fieldset class="min-w-0" data-testid=testid>
            <legend class="mb-1.5 text-sm font-medium">{move || legend.get()}</legend>
            <div class="flex max-h-40 flex-col gap-2 overflow-y-auto">
                {move || options.get().into_iter().map(option).collect_view()}
            </div>
            <p class="mt-1.5 text-xs text-base-content/70">{move || hint.get()}</p>
        </fieldset>
    }
}
