//! What came of testing an account.

use causeway_openapi::AccountTest;
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, use_i18n},
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::Actions,
        notice::Notice,
    },
};

/// The outcome in words, the figures, and the models that the provider listed.
#[component]
pub(super) fn TestOutcome(name: String, test: AccountTest, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <p class="mb-4 text-sm text-base-content/70 break-words">{name}</p>
        <Outcome test/>
        <Actions>
            <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="close-test">{t!(i18n, common.done)}</Button>
        </Actions>
    }
}

/// The same without a frame.
#[component]
pub(super) fn Outcome(test: AccountTest) -> impl IntoView {
    let i18n = use_i18n();
    let (tone, mark) = if test.ok { (Tone::Good, "ok") } else { (Tone::Bad, "failed") };
    let status = test.status.map_or_else(|| "—".to_owned(), |s| s.to_string());
    let count = test.models.len();
    view! {
        <div class="flex flex-col gap-4" data-testid="test-outcome" data-outcome=mark>
            <Notice tone alert=!test.ok>{test.message.clone()}</Notice>
            <dl class="grid grid-cols-2 gap-3 text-sm">
                <div class="rounded-box bg-base-200 px-4 py-3">
                    <dt class="text-xs text-base-content/70">{t!(i18n, accounts.http_status)}</dt>
                    <dd class="text-lg font-semibold tabular-nums">{status}</dd>
                </div>
                <div class="rounded-box bg-base-200 px-4 py-3">
                    <dt class="text-xs text-base-content/70">{t!(i18n, accounts.latency)}</dt>
                    <dd class="text-lg font-semibold tabular-nums">{format::duration_ms(test.latency_ms)}</dd>
                </div>
            </dl>
            {(count > 0).then(|| view! {
                <div>
                    <h3 class="mb-2 text-sm font-medium">{t!(i18n, accounts.models_count, count = count)}</h3>
                    <ul class="flex max-h-56 flex-wrap gap-1.5 overflow-y-auto" tabindex="0">
                        {test
                            .models
                            .into_iter()
                            .map(|model| view! { <li class="badge badge-soft badge-neutral font-mono text-xs">{model}</li> })
                            .collect_view()}
                    </ul>
                </div>
            })}
        </div>
    }
}
