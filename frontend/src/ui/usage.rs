//! How much of a limit is used up.

use leptos::prelude::*;

/// A bar with its figures. Amber from 75 %, red when used up.
#[component]
pub(crate) fn UsageBar(
    /// Whole percent, at most 100.
    percent: u8,
    /// What is limited, such as "Today".
    #[prop(into)]
    label: Signal<String>,
    /// Such as "$1.20 of $5.00".
    #[prop(into)]
    figures: Signal<String>,
) -> impl IntoView {
    let tone = match percent {
        0..75 => "progress-primary",
        75..100 => "progress-warning",
        _ => "progress-error",
    };
    view! {
        <div class="flex min-w-36 flex-col gap-1 max-sm:w-full">
            <div class="flex justify-between gap-3 text-xs text-base-content/70 whitespace-nowrap">
                <span>{move || label.get()}</span>
                <span class="tabular-nums">{move || figures.get()}</span>
            </div>
            <progress
                class=format!("progress {tone} h-1.5 w-full")
                max="100"
                value=percent.to_string()
                aria-label=move || format!("{}: {}", label.get(), figures.get())
            ></progress>
        </div>
    }
}
