//! Everything that a line says, with how the thing was beside how it is.

use std::collections::{BTreeMap, BTreeSet};

use causeway_openapi::AuditEntry;
use leptos::prelude::*;
use serde_json::Value;

use super::row::Actor;
use crate::{
    core::{
        format,
        i18n::{t, text, use_i18n},
    },
    ui::copy::CopyButton,
};

/// The details within the dialog.
#[component]
pub(super) fn Detail(entry: AuditEntry) -> impl IntoView {
    let i18n = use_i18n();
    let only_changes = RwSignal::new(entry.before.is_some() && entry.after.is_some());
    let lines = StoredValue::new(compare(entry.before.as_ref(), entry.after.as_ref()));
    let has_values = entry.before.is_some() || entry.after.is_some();
    let shown = move || {
        let all = lines.get_value();
        all.into_iter().filter(|line| !only_changes.get() || line.before != line.after).collect::<Vec<_>>()
    };
    let identifier = move |label: Signal<String>, value: String| {
        view! {
            <div class="flex items-center justify-between gap-2 py-1">
                <dt class="shrink-0 text-xs text-base-content/70">{move || label.get()}</dt>
                <dd class="flex min-w-0 items-center gap-1">
                    <code class="truncate text-xs">{value.clone()}</code>
                    <CopyButton text=value/>
                </dd>
            </div>
        }
    };
    view! {
        <div class="flex flex-col gap-5 text-sm">
            <div class="flex flex-wrap items-center gap-3">
                <code>{entry.action}</code>
                <Actor actor=entry.actor/>
                <span class="ml-auto tabular-nums text-base-content/70">{format::moment_exact(entry.at)}</span>
            </div>
            <Show when=move || has_values fallback=move || view! { <p class="text-base-content/70">{t!(i18n, audit.no_values)}</p> }>
                <label class="flex cursor-pointer items-center gap-2">
                    <input
                        type="checkbox"
                        class="toggle toggle-sm"
                        prop:checked=move || only_changes.get()
                        on:change=move |event| only_changes.set(event_target_checked(&event))
                    />
                    {t!(i18n, audit.only_changes)}
                </label>
                <div class="overflow-x-auto">
                    <table class="table table-sm" data-testid="diff">
                        <thead>
                            <tr>
                                <th scope="col">{t!(i18n, audit.field)}</th>
                                <th scope="col">{t!(i18n, audit.before)}</th>
                                <th scope="col">{t!(i18n, audit.after)}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || shown().into_iter().map(|line| view! { <DiffLine line/> }).collect_view()}
                        </tbody>
                    </table>
                </div>
                <Show when=move || shown().is_empty()>
                    <p class="text-base-content/70">{t!(i18n, audit.no_changes)}</p>
                </Show>
            </Show>
            <dl class="rounded-box bg-base-200 px-4 py-2">
                {entry.target.id.map(|id| identifier(text!(i18n, audit.thing), id.to_string()))}
                {entry.address.map(|address| identifier(text!(i18n, audit.address), address))}
                {entry.request_id.map(|id| identifier(text!(i18n, audit.request_id), id))}
            </dl>
        </div>
    }
}

#[component]
fn DiffLine(line: Line) -> impl IntoView {
    let differs = line.before != line.after;
    let value = |text: Option<String>| text.unwrap_or_else(|| "—".to_owned());
    view! {
        <tr class:font-medium=differs>
            <th scope="row" class="font-mono text-xs font-normal break-all">{line.field}</th>
            <td class="break-all" class:text-error=differs>{value(line.before)}</td>
            <td class="break-all" class:text-success=differs>{value(line.after)}</td>
        </tr>
    }
}

/// A field by its path, as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

fn compare(before: Option<&Value>, after: Option<&Value>) -> Vec<Line> {
    let flat = |value: Option<&Value>| {
        let mut all = BTreeMap::new();
        if let Some(value) = value {
            flatten(String::new(), value, &mut all);
        }
        all
    };
    let (mut before, mut after) = (flat(before), flat(after));
    let fields: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    fields
        .into_iter()
        .map(|field| Line { before: before.remove(&field), after: after.remove(&field), field })
        .collect()
}

/// Objects become paths, everything else text. What is null is not there.
fn flatten(path: String, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(path, value, into);
            }
        }
        Value::String(text) => drop(into.insert(path, text.clone())),
        other => drop(into.insert(path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_stand_beside_each_other_by_their_paths() {
        let before = json!({"name": "a", "limits": {"usd": {"day": "5.00"}}, "expires_at": null});
        let after = json!({"name": "b", "limits": {}, "tags": ["x"]});
        let lines: Vec<_> = compare(Some(&before), Some(&after))
            .into_iter()
            .map(|l| (l.field, l.before.unwrap_or_default(), l.after.unwrap_or_default()))
            .collect();
        let expected = [("limits.usd.day", "5.00", ""), ("name", "a", "b"), ("tags", "", "[\"x\"]")];
        assert_eq!(lines, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        assert!(compare(None, None).is_empty());
    }
}
