//! Where a person is in the wizard, and the frame that every step has.

use leptos::{html, prelude::*};

use super::{Step, Task, Wizard};
use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t, t_string, td_string, use_i18n},
    },
    ui::{
        button::Button,
        icon::{Glyph, Icon},
    },
};

/// The steps, with the one that is taken now.
#[component]
pub(super) fn Steps(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
    let (steps, is_own) = wizard.task.with_value(|task| (task.steps(), task.is_own()));
    let item = move |(at, step): (usize, Step)| {
        let now = move || wizard.step.get() == step;
        let over = move || wizard.step.get() > step;
        view! {
            <li
                class="flex min-w-0 items-center gap-2 text-sm"
                class=("flex-1", step != Step::Outcome)
                aria-current=move || now().then_some("step")
            >
                <span
                    class="grid size-7 shrink-0 place-items-center rounded-full text-xs font-semibold"
                    class=("bg-primary", now)
                    class=("text-primary-content", now)
                    class=("bg-success/15", over)
                    class=("text-success", over)
                    class=("bg-base-300", move || !now() && !over())
                    aria-hidden="true"
                >
                    {move || if over() { view! { <Glyph icon=Icon::Check class="size-4"/> }.into_any() } else { (at + 1).to_string().into_any() }}
                </span>
                <span class="truncate" class=("max-sm:sr-only", move || !now()) class=("font-medium", now) class=("text-base-content/70", move || !now())>
                    {move || name(step, is_own, i18n.get_locale())}
                </span>
                {(step != Step::Outcome).then(|| view! { <span class="mx-1 h-px min-w-3 flex-1 bg-base-300" aria-hidden="true"></span> })}
            </li>
        }
    };
    view! {
        <ol class="flex items-center gap-1" aria-label=move || t_string!(i18n, onboarding.steps) data-testid="steps">
            {steps.iter().copied().enumerate().map(item).collect_view()}
        </ol>
    }
}

/// A step's heading. It has the focus when the step is entered, so that a screen reader says what there is now.
#[component]
pub(super) fn StepHeading(wizard: Wizard, #[prop(into)] text: Signal<String>) -> impl IntoView {
    let heading = NodeRef::<html::H2>::new();
    Effect::new(move |_| {
        if let Some(heading) = heading.get()
            && wizard.entered.get_value() > 0
        {
            let _ = heading.focus();
        }
    });
    view! { <h2 node_ref=heading tabindex="-1" class="text-lg font-semibold outline-none">{move || text.get()}</h2> }
}

/// Leads from the way to sign in back to the choice of a provider, or out of it all where there is nothing to choose.
#[component]
pub(super) fn BackFromSignIn(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let back = move |()| {
        wizard.give_up(api);
        wizard.submission.error.set(None);
        wizard.go(Step::Provider);
    };
    if wizard.task.with_value(Task::is_own) {
        let out = wizard.task.with_value(Task::leads_to);
        view! { <a class="btn btn-ghost" href=out data-testid="wizard-leave">{t!(i18n, common.cancel)}</a> }
            .into_any()
    } else {
        view! { <Button on_press=back testid="wizard-back">{t!(i18n, onboarding.back)}</Button> }.into_any()
    }
}

/// The buttons at a step's end.
#[component]
pub(super) fn StepActions(children: Children) -> impl IntoView {
    view! { <div class="mt-2 flex flex-wrap justify-end gap-2 border-t border-base-300 pt-4">{children()}</div> }
}

fn name(step: Step, is_own: bool, locale: Locale) -> &'static str {
    match step {
        Step::Provider => td_string!(locale, onboarding.step_provider),
        Step::SignIn => td_string!(locale, onboarding.step_sign_in),
        Step::Usage if is_own => td_string!(locale, share.step_confirm),
        Step::Usage => td_string!(locale, onboarding.step_usage),
        Step::Outcome => td_string!(locale, onboarding.step_outcome),
    }
}
