//! The last step: the account is there, and the provider is asked for its models with it.

use causeway_openapi::{Account, AccountTest};
use leptos::prelude::*;

use super::{
    Wizard,
    steps::{StepActions, StepHeading},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        routes,
    },
    pages::accounts::test::Outcome,
    ui::{button::Button, notice::Failure},
};

/// The step.
#[component]
pub(super) fn OutcomeStep(wizard: Wizard) -> impl IntoView {
    wizard.made.get_untracked().map(|account| view! { <OfAccount wizard account/> })
}

#[component]
fn OfAccount(wizard: Wizard, account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let testing = Submission::new();
    let outcome = RwSignal::new(None::<AccountTest>);
    let id = account.id;
    let test = move |()| {
        testing.run(async move { api.test_account(id).await }, move |test| _ = outcome.try_set(Some(test)));
    };
    test(());
    let name = StoredValue::new(account.name);
    view! {
        <div class="flex flex-col gap-4" data-testid="account-made">
            <StepHeading wizard text=text!(i18n, onboarding.made, name = name.get_value())/>
            <Failure error=testing.error/>
            <div aria-live="polite">
                {move || match outcome.get() {
                    Some(test) => view! { <Outcome test/> }.into_any(),
                    None if testing.busy.get() => view! {
                        <p class="flex items-center gap-3 text-sm text-base-content/70" aria-busy="true">
                            <span class="loading loading-spinner loading-sm" aria-hidden="true"></span>
                            {t!(i18n, onboarding.testing)}
                        </p>
                    }
                    .into_any(),
                    None => ().into_any(),
                }}
            </div>
            <StepActions>
                <Button busy=testing.busy on_press=test testid="test-again">{t!(i18n, onboarding.test_again)}</Button>
                // Not a link to this page, which would change nothing.
                <Button
                    on_press=move |()| _ = window().location().assign(routes::NEW_ACCOUNT)
                    testid="add-another"
                >
                    {t!(i18n, onboarding.add_another)}
                </Button>
                <a class="btn btn-primary" href=routes::ACCOUNTS data-testid="wizard-done">{t!(i18n, common.done)}</a>
            </StepActions>
        </div>
    }
}
