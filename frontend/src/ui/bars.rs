//! A list of names with bars: what the parts of a whole are, largest first.

use leptos::prelude::*;

/// One part.
#[derive(Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Decides the bar's length against the largest of them.
    pub(crate) size: i64,
    pub(crate) figure: String,
    pub(crate) note: String,
}

/// The bars. The figure is text, so nothing depends on seeing the bar.
#[component]
pub(crate) fn BarList(parts: Vec<Part>) -> impl IntoView {
    let largest = parts.iter().map(|p| p.size).max().unwrap_or_default().max(1);
    let row = move |part: Part| {
        let percent = i128::from(part.size.max(0)) * 100 / i128::from(largest);
        view! {
            <li class="relative flex items-center justify-between gap-4 rounded-field px-3 py-2 text-sm">
                <span
                    class="absolute inset-y-0 left-0 rounded-field bg-primary/12"
                    style:width=format!("max(0.25rem, {percent}%)")
                    aria-hidden="true"
                ></span>
                <span class="relative truncate font-medium" title=part.name.clone()>{part.name.clone()}</span>
                <span class="relative flex shrink-0 items-baseline gap-3 tabular-nums">
                    <span class="text-xs text-base-content/70">{part.note}</span>
                    <span class="font-medium">{part.figure}</span>
                </span>
            </li>
        }
    };
    view! { <ul class="flex flex-col gap-1.5">{parts.into_iter().map(row).collect_view()}</ul> }
}
