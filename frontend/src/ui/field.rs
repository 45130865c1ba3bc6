//! Form fields: label, control, hint and error as one piece, tied together for screen readers.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

/// An id that no other control on the page has.
fn next_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("field-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Label above, hint and error below, whatever the control is.
#[component]
fn Frame(
    id: String,
    label: Signal<String>,
    hint: Option<Signal<String>>,
    error: Signal<Option<String>>,
    optional: Option<Signal<String>>,
    children: Children,
) -> impl IntoView {
    let note = format!("{id}-note");
    view! {
        <div class="flex flex-col gap-1.5 min-w-0">
            <label class="text-sm font-medium flex items-baseline justify-between gap-2" for=id>
                <span>{move || label.get()}</span>
                {optional.map(|text| view! { <span class="text-xs font-normal text-base-content/70">{move || text.get()}</span> })}
            </label>
            {children()}
            <p class="text-xs empty:hidden" id=note class:text-error=move || error.get().is_some() class=("text-base-content/70", move || error.get().is_none())>
                {move || error.get().or_else(|| hint.map(|h| h.get()))}
            </p>
        </div>
    }
}

/// One line of text.
#[component]
pub(crate) fn TextField(
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    /// A remark beside the label, such as "optional".
    #[prop(optional, into)]
    optional: Option<Signal<String>>,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] placeholder: Signal<String>,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] focus: bool,
    /// Digits and identifiers are easier to compare in a fixed width.
    #[prop(optional)]
    mono: bool,
    #[prop(optional)] inputmode: &'static str,
    /// What stands in front of the text, such as a currency.
    #[prop(optional)]
    prefix: &'static str,
    #[prop(optional)] name: &'static str,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    let id = next_id();
    let note = format!("{id}-note");
    let control = view! {
        <label class="input w-full" class:input-error=move || error.get().is_some()>
            {(!prefix.is_empty()).then(|| view! { <span class="text-base-content/70" aria-hidden="true">{prefix}</span> })}
            <input
                id=id.clone()
                type=kind
                name=(!name.is_empty()).then_some(name)
                class=if mono { "grow font-mono text-sm" } else { "grow" }
                required=required
                autocomplete=autocomplete
                autofocus=focus
                spellcheck="false"
                inputmode=(!inputmode.is_empty()).then_some(inputmode)
                placeholder=move || placeholder.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=note
                data-testid=(!testid.is_empty()).then_some(testid)
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </label>
    };
    view! { <Frame id label hint error optional>{control}</Frame> }
}

/// A choice from a list of (value, label).
#[component]
pub(crate) fn SelectField(
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    #[prop(optional, into)] optional: Option<Signal<String>>,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    let id = next_id();
    let note = format!("{id}-note");
    let control = view! {
        <select
            id=id.clone()
            class="select w-full"
            class:select-error=move || error.get().is_some()
            aria-invalid=move || error.get().is_some().then_some("true")
            aria-describedby=note
            data-testid=(!testid.is_empty()).then_some(testid)
            on:change=move |event| value.set(event_target_value(&event))
        >
            {move || {
                // `selected` on the options, because the value cannot be set before they exist.
                options
                    .get()
                    .into_iter()
                    .map(|(option, label)| {
                        let this = option.clone();
                        view! { <option value=option prop:selected=move || value.get() == this>{label}</option> }
                    })
                    .collect_view()
            }}
        </select>
    };
    view! { <Frame id label hint error optional>{control}</Frame> }
}

/// Several lines of text.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    #[prop(optional, into)] optional: Option<Signal<String>>,
    #[prop(optional, into)] placeholder: Signal<String>,
    #[prop(default = 2)] rows: u32,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    let id = next_id();
    let note = format!("{id}-note");
    let control = view! {
        <textarea
            id=id.clone()
            class="textarea w-full font-mono text-sm min-h-20"
            class:textarea-error=move || error.get().is_some()
            spellcheck="false"
            rows=rows
            placeholder=move || placeholder.get()
            aria-invalid=move || error.get().is_some().then_some("true")
            aria-describedby=note
            data-testid=(!testid.is_empty()).then_some(testid)
            prop:value=move || value.get()
            on:input=move |event| value.set(event_target_value(&event))
        ></textarea>
    };
    view! { <Frame id label hint error optional>{control}</Frame> }
}
