//! The last step: the account is there, and the provider is asked for its models with it.

use causeway_openapi::{Account, AccountTest};
use leptos::prelude::*;

use super::{
    Own, Task, Wizard,
    steps::{StepActions, StepHeading},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, use_i18n},
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
    let (is_own, out) = wizard.task.with_value(|task| (task.is_own(), task.leads_to()));
    let test = move |()| {
        let tested =
            async move { if is_own { api.test_own_account(id).await } else { api.test_account(id).await } };
        testing.run(tested, move |test| _ = outcome.try_set(Some(test)));
    };
    test(());
    let name = StoredValue::new(account.name);
    let renewed = wizard.task.with_value(|task| matches!(task, Task::Own(Own::Renew(_))));
    let title = Signal::derive(move || match renewed {
        true => t_string!(i18n, share.renewed, name = name.get_value()),
        false => t_string!(i18n, onboarding.made, name = name.get_value()),
    });
    view! {
        <div class="flex flex-col gap-4" data-testid="account-made">
            <StepHeading wizard text=title/>
            {is_own.then(|| view! { <p class="text-sm text-base-content/70">{t!(i18n, share.yours)}</p> })}
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
                {(!is_own).then(|| view! {
                    <Button
                        on_press=move |()| _ = window().location().assign(routes::NEW_ACCOUNT)
                        testid="add-another"
                    >
                        {t!(i18n, onboarding.add_another)}
                    </Button>
                })}
                <a class="btn btn-primary" href=out data-testid="wizard-done">{t!(i18n, common.done)}</a>
            </StepActions>
        </div>
    }
}
