//! The balance in figures.

use causeway_domain::Nanos;
use causeway_openapi::Balance;
use leptos::prelude::*;

use crate::core::{
    format,
    i18n::{text, use_i18n},
};

/// What is left, what was credited, what was charged.
#[component]
pub(crate) fn BalanceFigures(balance: Balance) -> impl IntoView {
    let i18n = use_i18n();
    let left = balance.balance_usd;
    view! {
        <div class="grid gap-3 sm:grid-cols-3 sm:gap-4" data-testid="balance">
            {if balance.prepaid {
                let reserved = balance.reserved_usd.filter(|reserved| *reserved > Nanos::ZERO);
                let note = if let Some(reserved) = reserved {
                    text!(i18n, billing.reserved_note, amount = format::dollars(reserved))
                } else if left > Nanos::ZERO {
                    text!(i18n, billing.prepaid_note)
                } else {
                    text!(i18n, billing.exhausted_note)
                };
                view! {
                    <Figure title=text!(i18n, billing.balance) amount=left note bad=left <= Nanos::ZERO testid="balance-left"/>
                }
                .into_any()
            } else {
                view! {
                    <section class="rounded-box border border-base-300 bg-base-100 p-4 shadow-xs min-w-0 sm:p-5">
                        <h2 class="text-sm font-medium text-base-content/70">{move || text!(i18n, billing.balance).get()}</h2>
                        <p class="mt-2 text-lg font-semibold" data-testid="not-prepaid">{move || text!(i18n, billing.not_prepaid).get()}</p>
                        <p class="mt-1 text-xs text-base-content/70">{move || text!(i18n, billing.not_prepaid_note).get()}</p>
                    </section>
                }
                .into_any()
            }}
            <Figure
                title=text!(i18n, billing.credits)
                amount=balance.credits_usd
                note=text!(i18n, billing.credits_note)
                testid="balance-credits"
            />
            <Figure
                title=text!(i18n, billing.charged)
                amount=balance.charged_usd
                note=text!(i18n, billing.charged_note)
                testid="balance-charged"
            />
        </div>
    }
}

#[component]
fn Figure(
    #[prop(into)] title: Signal<String>,
    amount: Nanos,
    #[prop(into)] note: Signal<String>,
    #[prop(optional)] bad: bool,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-4 shadow-xs min-w-0 sm:p-5">
            <h2 class="text-sm font-medium text-base-content/70">{move || title.get()}</h2>
            <p
                class="mt-2 text-2xl font-semibold tracking-tight tabular-nums truncate"
                class:text-error=bad
                title=format::dollars_exact(amount)
                data-testid=testid
            >
                {format::dollars(amount)}
            </p>
            <p class="mt-1 text-xs text-base-content/70">{move || note.get()}</p>
        </section>
    }
}
