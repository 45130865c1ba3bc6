//! One line of the log.

use causeway_openapi::{AuditActor, AuditEntry};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
    },
    ui::{
        badge::{Badge, Tone},
        icon::{Glyph, Icon},
        table::Cell,
    },
};

/// The row, which opens the details.
#[component]
pub(super) fn Row(
    entry: AuditEntry,
    operator: bool,
    show: impl Fn(AuditEntry) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let i18n = use_i18n();
    let at = entry.at;
    let (action, target) = (entry.action.clone(), entry.target.kind.clone());
    let name = named(&entry);
    let organization = entry.organization.clone();
    let actor = entry.actor.clone();
    let details = StoredValue::new(entry);
    view! {
        <tr data-testid="audit-line">
            <Cell label=text!(i18n, audit.time)>
                <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, audit.actor)><Actor actor/></Cell>
            <Cell label=text!(i18n, audit.action)><code class="text-xs" data-testid="audit-action">{action}</code></Cell>
            <Cell label=text!(i18n, audit.target)>
                <span class="break-words">{target} {name.map(|name| format!(" · {name}"))}</span>
            </Cell>
            {operator.then(|| view! {
                <Cell label=text!(i18n, audit.organization)>
                    {match organization {
                        Some(name) => view! { <span>{name}</span> }.into_any(),
                        None => view! { <span class="text-base-content/70">{t!(i18n, audit.of_installation)}</span> }.into_any(),
                    }}
                </Cell>
            })}
            <Cell label=text!(i18n, audit.details) numeric=true>
                <button
                    type="button"
                    class="btn btn-ghost btn-xs btn-square"
                    aria-label=move || t_string!(i18n, audit.details)
                    title=move || t_string!(i18n, audit.details)
                    data-testid="audit-details"
                    on:click=move |_| show(details.get_value())
                >
                    <Glyph icon=Icon::Chevron class="size-4 -rotate-90"/>
                </button>
            </Cell>
        </tr>
    }
}

/// Who did it, and as what where that is not simply a person.
#[component]
pub(super) fn Actor(actor: AuditActor) -> impl IntoView {
    let i18n = use_i18n();
    let kind = StoredValue::new(actor.kind.clone());
    let shown = actor.kind != "user";
    let tone = if actor.kind == "operator" { Tone::Warning } else { Tone::Neutral };
    let token = actor.token.map(|token| token.name);
    view! {
        <span class="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
            <span class="break-words">{actor.name}</span>
            {shown.then(|| view! { <Badge tone>{move || kind.with_value(|kind| kind_name(kind, i18n.get_locale()))}</Badge> })}
            {token.map(|name| view! {
                <span class="text-xs text-base-content/70">{t!(i18n, audit.with_token, name = name)}</span>
            })}
        </span>
    }
}

/// The name of a kind of actor.
pub(super) fn kind_name(kind: &str, locale: Locale) -> String {
    match kind {
        "user" => td_string!(locale, audit.kind_user),
        "token" => td_string!(locale, audit.kind_token),
        "operator" => td_string!(locale, audit.kind_operator),
        "job" => td_string!(locale, audit.kind_job),
        "cli" => td_string!(locale, audit.kind_cli),
        other => other,
    }
    .to_owned()
}

/// What the thing is called, as far as the line says.
fn named(entry: &AuditEntry) -> Option<String> {
    [&entry.after, &entry.before].into_iter().flatten().find_map(|values| {
        ["name", "email", "model"].iter().find_map(|field| values[*field].as_str().map(str::to_owned))
    })
}
