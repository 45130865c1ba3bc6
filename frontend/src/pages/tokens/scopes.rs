//! Choosing what a token may be used for: reading or writing, resource by resource. What the person's own role does not
//! allow is not offered.

use std::collections::BTreeSet;

use causeway_openapi::Scope;
use leptos::prelude::*;

use crate::core::{
    i18n::{t, t_string, text, use_i18n},
    session::use_session,
};

/// The choice.
#[component]
pub(super) fn Scopes(chosen: RwSignal<BTreeSet<Scope>>, error: Signal<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let role = session.member().map(|member| member.role);
    let offered: Vec<Scope> =
        Scope::ALL.iter().copied().filter(|s| role.is_some_and(|role| s.is_of_use_to(role))).collect();
    let mut resources: Vec<&'static str> = Vec::new();
    for scope in &offered {
        if !resources.contains(&scope.resource()) {
            resources.push(scope.resource());
        }
    }
    let rows = resources.into_iter().map(|resource| {
        let of =
            |writes: bool| offered.iter().copied().find(|s| s.resource() == resource && s.writes() == writes);
        let (read, write) = (of(false), of(true));
        view! {
            <div class="grid grid-cols-[1fr_auto_auto] items-center gap-x-6 px-4 py-2">
                <span class="min-w-0 text-sm break-words">{text_of(resource)}</span>
                <span class="w-20">{read.map(|scope| view! { <Box scope over=write chosen/> })}</span>
                <span class="w-20">{write.map(|scope| view! { <Box scope over=None chosen/> })}</span>
            </div>
        }
    });
    view! {
        <fieldset data-testid="token-scopes" aria-describedby="token-scopes-note">
            <legend class="mb-1 text-sm font-medium">{t!(i18n, tokens.scopes)}</legend>
            <p
                id="token-scopes-note"
                class="mb-2 text-xs"
                class:text-error=move || error.get().is_some()
                class=("text-base-content/70", move || error.get().is_none())
            >
                {move || error.get().unwrap_or_else(|| t_string!(i18n, tokens.scopes_hint).to_owned())}
            </p>
            <div class="divide-y divide-base-300 rounded-box border border-base-300">{rows.collect_view()}</div>
        </fieldset>
    }
}

/// One scope. Ticked and fixed while `over`, which includes it, is chosen.
#[component]
fn Box(scope: Scope, over: Option<Scope>, chosen: RwSignal<BTreeSet<Scope>>) -> impl IntoView {
    let i18n = use_i18n();
    let included = Memo::new(move |_| over.is_some_and(|over| chosen.with(|c| c.contains(&over))));
    let toggle = move |_| {
        chosen.update(|chosen| {
            if !chosen.remove(&scope) {
                chosen.insert(scope);
            }
        });
    };
    let action = move || {
        if scope.writes() { t_string!(i18n, tokens.write) } else { t_string!(i18n, tokens.read) }
    };
    let resource = text_of(scope.resource());
    view! {
        <label class="flex cursor-pointer items-center gap-2 text-sm">
            <input
                type="checkbox"
                class="checkbox checkbox-sm checkbox-primary"
                aria-label=move || format!("{}: {}", resource.get(), action())
                data-testid=scope.as_str()
                disabled=move || included.get()
                prop:checked=move || included.get() || chosen.with(|c| c.contains(&scope))
                on:change=toggle
            />
            <span aria-hidden="true">{action}</span>
        </label>
    }
}

/// A resource in words.
fn text_of(resource: &'static str) -> Signal<String> {
    let i18n = use_i18n();
    match resource {
        "usage" => text!(i18n, tokens.of_usage),
        "accounts" => text!(i18n, shell.accounts),
        "keys" => text!(i18n, shell.keys),
        "prices" => text!(i18n, shell.prices),
        "members" => text!(i18n, shell.members),
        "organization" => text!(i18n, tokens.of_organization),
        "billing" => text!(i18n, shell.billing),
        "audit" => text!(i18n, tokens.of_audit),
        other => Signal::stored(other.to_owned()),
    }
}
