//! Variables that are not needed and sometimes wanted.

use leptos::prelude::*;

use crate::{
    core::i18n::{t, text, use_i18n},
    ui::field::TextField,
};

/// Ten minutes: long answers of large models take longer than the client's default patience allows.
const PATIENCE_MS: &str = "600000";

/// The choices.
#[derive(Clone, Copy)]
pub(crate) struct Extras {
    model: RwSignal<String>,
    small_model: RwSignal<String>,
    patient: RwSignal<bool>,
    quiet: RwSignal<bool>,
}

impl Extras {
    pub(crate) fn new() -> Self {
        Self {
            model: RwSignal::new(String::new()),
            small_model: RwSignal::new(String::new()),
            patient: RwSignal::new(false),
            quiet: RwSignal::new(true),
        }
    }

    pub(crate) fn variables(self) -> Vec<(&'static str, String)> {
        let typed =
            |text: RwSignal<String>| Some(text.get().trim().to_owned()).filter(|text| !text.is_empty());
        let all = [
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", self.quiet.get().then(|| "1".to_owned())),
            ("API_TIMEOUT_MS", self.patient.get().then(|| PATIENCE_MS.to_owned())),
            ("ANTHROPIC_MODEL", typed(self.model)),
            ("ANTHROPIC_DEFAULT_HAIKU_MODEL", typed(self.small_model)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The choices, behind a fold.
#[component]
pub(crate) fn OptionInputs(extras: Extras) -> impl IntoView {
    let i18n = use_i18n();
    let switch = move |label: Signal<String>, hint: &'static str, on: RwSignal<bool>| {
        view! {
            <label class="flex cursor-pointer items-start gap-3">
                <input
                    type="checkbox"
                    class="toggle toggle-sm toggle-primary mt-0.5"
                    prop:checked=move || on.get()
                    on:change=move |event| on.set(event_target_checked(&event))
                />
                <span class="flex min-w-0 flex-col text-sm">
                    <span>{move || label.get()}</span>
                    <code class="text-xs text-base-content/70 break-all">{hint}</code>
                </span>
            </label>
        }
    };
    view! {
        <details class="rounded-box border border-base-300 bg-base-100 shadow-xs">
            <summary class="cursor-pointer px-5 py-4 text-sm font-semibold">{t!(i18n, connect.options)}</summary>
            <div class="grid gap-5 px-5 pb-5 sm:grid-cols-2">
                {switch(text!(i18n, connect.quiet), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", extras.quiet)}
                {switch(text!(i18n, connect.patient), "API_TIMEOUT_MS=600000", extras.patient)}
                <TextField
                    label=text!(i18n, connect.model)
                    optional=text!(i18n, common.optional)
                    hint="ANTHROPIC_MODEL"
                    placeholder="claude-…"
                    value=extras.model
                    mono=true
                />
                <TextField
                    label=text!(i18n, connect.small_model)
                    optional=text!(i18n, common.optional)
                    hint="ANTHROPIC_DEFAULT_HAIKU_MODEL"
                    placeholder="claude-…"
                    value=extras.small_model
                    mono=true
                />
            </div>
        </details>
    }
}
