//! The first step: where the account is.

use causeway_openapi::ProviderPreset;
use leptos::prelude::*;

use super::{
    Step, Wizard,
    about::{ClosedWays, ProviderNotice},
    steps::{StepActions, StepHeading},
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        providers::way_names,
        routes,
    },
    ui::button::{Button, Kind},
};

/// The step.
#[component]
pub(super) fn ProviderStep(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let preset = Memo::new(move |_| wizard.preset());
    let is_open = Memo::new(move |_| preset.with(|p| p.as_ref().is_some_and(|p| !p.sign_in.is_empty())));
    let next = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if is_open.get_untracked() {
            wizard.go(Step::SignIn);
        }
    };
    let option = move |one: ProviderPreset| {
        let id = StoredValue::new(one.provider.to_string());
        let ways = one.sign_in.clone();
        let choose = move |_| {
            wizard.give_up(api);
            wizard.submission.error.set(None);
            wizard.provider.set(id.get_value());
        };
        view! {
            <label
                class="flex cursor-pointer items-start gap-3 rounded-box border border-base-300 px-4 py-3 has-checked:border-primary has-checked:bg-primary/5"
                data-testid="provider-option"
                data-provider=id.get_value()
            >
                <input
                    type="radio"
                    class="radio radio-sm radio-primary mt-0.5"
                    name="provider"
                    prop:checked=move || id.with_value(|id| wizard.provider.with(|chosen| chosen == id))
                    on:change=choose
                />
                <span class="flex min-w-0 flex-col gap-0.5 text-sm">
                    <span class="font-medium break-words">{one.name}</span>
                    <span class="text-xs text-base-content/70">
                        {move || if ways.is_empty() {
                            t_string!(i18n, onboarding.not_open).to_owned()
                        } else {
                            way_names(&ways, i18n.get_locale())
                        }}
                    </span>
                </span>
            </label>
        }
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=next>
            <StepHeading wizard text=text!(i18n, onboarding.choose_provider)/>
            <a class="link text-sm" href=routes::IMPORT_ACCOUNTS data-testid="import-instead">{t!(i18n, account_import.instead)}</a>
            <fieldset data-testid="provider-options">
                <legend class="sr-only">{t!(i18n, accounts.provider)}</legend>
                <div class="grid gap-3 sm:grid-cols-2">
                    {move || wizard.presets.get_value().into_iter().map(option).collect_view()}
                </div>
            </fieldset>
            {move || preset.get().filter(|p| p.sign_in.is_empty()).map(|preset| {
                let way = preset.closed.first().copied();
                view! {
                    {way.map(|way| view! { <ProviderNotice preset=preset.clone() way/> })}
                    <ClosedWays preset=preset.clone()/>
                }
            })}
            <StepActions>
                <a class="btn btn-ghost" href=routes::ACCOUNTS>{t!(i18n, common.cancel)}</a>
                <Button
                    kind=Kind::Primary
                    submit=true
                    disabled=Signal::derive(move || !is_open.get())
                    testid="wizard-next"
                >
                    {t!(i18n, onboarding.next)}
                </Button>
            </StepActions>
        </form>
    }
}
