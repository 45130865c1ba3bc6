//! The filters: read from the address, and written back to it.

use causeway_openapi::AuditQuery;
use chrono::{DateTime, Local, NaiveDate, NaiveTime, TimeZone, Utc};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::row::kind_name;
use crate::{
    core::i18n::{t, t_string, text, use_i18n},
    ui::field::{SelectField, TextField},
};

const KINDS: [&str; 5] = ["user", "token", "operator", "job", "cli"];

/// The query that an address asks for. What cannot be read is left out.
pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> AuditQuery {
    let text = |name: &str| get(name).filter(|text| !text.is_empty());
    let day = |name: &str| text(name).and_then(|day| day.parse::<NaiveDate>().ok());
    AuditQuery {
        actor_kind: text("by"),
        action: text("action"),
        target_id: text("target").and_then(|id| id.parse().ok()),
        from: day("from").and_then(start),
        to: day("to").and_then(|day| day.succ_opt()).and_then(start),
        address: text("address"),
        request_id: text("call"),
        query: text("query"),
        ..AuditQuery::default()
    }
}

/// When a day begins, where the person is.
fn start(day: NaiveDate) -> Option<DateTime<Utc>> {
    Local.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest().map(|start| start.with_timezone(&Utc))
}

/// Who, what, when, and any text.
#[component]
pub(super) fn Filters(query: Memo<AuditQuery>, here: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    let navigate = use_navigate();
    let map = leptos_router::hooks::use_query_map();
    let field =
        |name: &'static str| RwSignal::new(map.with_untracked(|map| map.get(name)).unwrap_or_default());
    let names = ["query", "by", "action", "from", "to", "target", "address", "call"];
    let fields = names.map(field);
    let [text, by, action, from, to, target, address, call] = fields;
    let all = move || fields.map(|field| field.get());
    let typed = leptos_use::signal_debounced(Signal::derive(all), 350.0);
    Effect::new(move |earlier: Option<String>| {
        let values: [String; 8] = typed.get();
        let pairs: Vec<String> = names
            .iter()
            .zip(values)
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| {
                format!("{name}={}", String::from(js_sys::encode_uri_component(value.trim())))
            })
            .collect();
        let search = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        if earlier.is_some_and(|earlier| earlier != search) {
            let options = NavigateOptions {
                resolve: false,
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{here}{search}"), options);
        }
        search
    });
    let kinds = Signal::derive(move || {
        let locale = i18n.get_locale();
        std::iter::once((String::new(), t_string!(i18n, common.all).to_owned()))
            .chain(KINDS.iter().map(|kind| ((*kind).to_owned(), kind_name(kind, locale))))
            .collect::<Vec<_>>()
    });
    let active = Memo::new(move |_| query.get() != AuditQuery::default());
    let clear = move |_| {
        for field in fields {
            field.set(String::new());
        }
    };
    view! {
        <form class="mb-4 flex flex-col gap-3" role="search" on:submit=|event| event.prevent_default()>
            <div class="grid grid-cols-2 items-start gap-3 lg:grid-cols-[1.5fr_1fr_1fr_1fr_1fr_auto]">
                <TextField label=text!(i18n, audit.search) value=text kind="search" testid="audit-search"/>
                <SelectField label=text!(i18n, audit.kind) value=by options=kinds testid="audit-by"/>
                <TextField label=text!(i18n, audit.action) placeholder="key.update" value=action mono=true testid="audit-action-filter"/>
                <TextField label=text!(i18n, audit.from) value=from kind="date" testid="audit-from"/>
                <TextField label=text!(i18n, audit.to) value=to kind="date" testid="audit-to"/>
                <button type="button" class="btn btn-ghost self-end" class:invisible=move || !active.get() on:click=clear>
                    {t!(i18n, common.clear)}
                </button>
            </div>
            <details open=move || [target, address, call].iter().any(|f| !f.get_untracked().is_empty())>
                <summary class="cursor-pointer text-sm text-base-content/70">{t!(i18n, audit.more)}</summary>
                <div class="mt-3 grid gap-3 sm:grid-cols-3">
                    <TextField label=text!(i18n, audit.thing) value=target mono=true testid="audit-target"/>
                    <TextField label=text!(i18n, audit.address) value=address mono=true testid="audit-address"/>
                    <TextField label=text!(i18n, audit.request_id) value=call mono=true testid="audit-call"/>
                </div>
            </details>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_far_as_it_makes_sense() {
        let query = read(|name| match name {
            "by" => Some("operator".into()),
            "action" => Some("key".into()),
            "target" => Some("not an id".into()),
            "from" => Some("yesterday".into()),
            "query" => Some(String::new()),
            _ => None,
        });
        let expected = AuditQuery {
            actor_kind: Some("operator".into()),
            action: Some("key".into()),
            ..AuditQuery::default()
        };
        assert_eq!(query, expected);
    }
}
