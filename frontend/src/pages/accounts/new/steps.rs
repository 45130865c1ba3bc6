//! Where a person is in the wizard, and the frame that every step has.

use leptos::{html, prelude::*};

use super::{Step, Wizard};
use crate::{
    core::i18n::{Locale, t_string, td_string, use_i18n},
    ui::icon::{Glyph, Icon},
};

const ALL: [Step; 4] = [Step::Provider, Step::SignIn, Step::Usage, Step::Outcome];

/// The steps, with the one that is taken now.
#[component]
pub(super) fn Steps(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
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
                    {move || name(step, i18n.get_locale())}
                </span>
                {(step != Step::Outcome).then(|| view! { <span class="mx-1 h-px min-w-3 flex-1 bg-base-300" aria-hidden="true"></span> })}
            </li>
        }
    };
    view! {
        <ol class="flex items-center gap-1" aria-label=move || t_string!(i18n, onboarding.steps) data-testid="steps">
            {ALL.into_iter().enumerate().map(item).collect_view()}
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

/// The buttons at a step's end.
#[component]
pub(super) fn StepActions(children: Children) -> impl IntoView {
    view! { <div class="mt-2 flex flex-wrap justify-end gap-2 border-t border-base-300 pt-4">{children()}</div> }
}

fn name(step: Step, locale: Locale) -> &'static str {
    match step {
        Step::Provider => td_string!(locale, onboarding.step_provider),
        Step::SignIn => td_string!(locale, onboarding.step_sign_in),
        Step::Usage => td_string!(locale, onboarding.step_usage),
        Step::Outcome => td_string!(locale, onboarding.step_outcome),
    }
}
