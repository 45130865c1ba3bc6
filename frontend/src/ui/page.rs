//! The frame of a page: its title, what it is about, its main actions, and the cards below.

use leptos::prelude::*;
use leptos_meta::Title;

/// A page's heading. Also names the browser's tab.
#[component]
pub(crate) fn PageHeader(
    #[prop(into)] title: Signal<String>,
    #[prop(optional, into)] text: Option<Signal<String>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=move || title.get()/>
        <header class="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
            <div class="min-w-0">
                <h1 class="text-2xl font-semibold tracking-tight">{move || title.get()}</h1>
                {text.map(|text| view! { <p class="mt-1 text-sm text-base-content/70 max-w-2xl">{move || text.get()}</p> })}
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap items-center gap-2">{children()}</div> })}
        </header>
    }
}

/// A box on the page. Without padding for tables, which bring their own.
#[component]
pub(crate) fn Card(
    #[prop(optional, into)] title: Option<Signal<String>>,
    #[prop(optional)] flush: bool,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let body = if flush {
        ""
    } else if title.is_some() {
        "px-5 pb-5"
    } else {
        "p-5"
    };
    view! {
        <section class=format!("rounded-box border border-base-300 bg-base-100 shadow-xs min-w-0 {class}")>
            {title.map(|title| view! { <h2 class="px-5 pt-4 pb-3 text-sm font-semibold">{move || title.get()}</h2> })}
            <div class=body>{children()}</div>
        </section>
    }
}
