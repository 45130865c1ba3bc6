//! Text to copy: a command, a file, a secret.

use leptos::prelude::*;

use super::copy::CopyButton;

/// A block of code with its copy button, and the name of the file it belongs in.
#[component]
pub(crate) fn Code(
    #[prop(into)] text: Signal<String>,
    #[prop(optional, into)] title: Option<Signal<String>>,
    #[prop(optional)] testid: &'static str,
) -> impl IntoView {
    view! {
        <figure class="rounded-box border border-base-300 bg-base-200 overflow-hidden">
            <figcaption class="flex items-center justify-between gap-2 border-b border-base-300 pl-4 pr-1 py-0.5 text-xs font-medium text-base-content/70">
                <span class="truncate font-mono">{move || title.map(|t| t.get())}</span>
                <CopyButton text/>
            </figcaption>
            <pre
                class="max-h-112 overflow-auto p-4 text-[0.8125rem] leading-relaxed"
                tabindex="0"
                data-testid=(!testid.is_empty()).then_some(testid)
            ><code>{move || text.get()}</code></pre>
        </figure>
    }
}
