//! The filters: read from the address, and written back to it.

use causeway_openapi::{Outcome, RequestQuery};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::row::outcome_name;
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
    },
    ui::field::{SelectField, TextField},
};

/// The query that an address asks for. What cannot be read is left out: an old link still shows something.
pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> RequestQuery {
    let text = |name: &str| get(name).filter(|text| !text.is_empty());
    RequestQuery {
        key_id: text("key_id").and_then(|id| id.parse().ok()),
        account_id: text("account_id").and_then(|id| id.parse().ok()),
        model: text("model"),
        client_id: text("client_id"),
        status: text("status").and_then(|status| status.parse().ok()),
        outcome: text("outcome").and_then(|name| Outcome::ALL.into_iter().find(|o| o.as_str() == name)),
        ..RequestQuery::default()
    }
}

/// The part of an address that asks for a query.
fn written(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(name, text)| format!("{name}={}", String::from(js_sys::encode_uri_component(text.trim()))))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Key, account, model, outcome and status.
#[component]
pub(super) fn Filters(query: Memo<RequestQuery>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let navigate = use_navigate();
    let keys = Query::new(move || api.keys());
    let accounts = Query::new(move || api.accounts());
    let id = |id: Option<String>| RwSignal::new(id.unwrap_or_default());
    let now = query.get_untracked();
    let key = id(now.key_id.map(|id| id.to_string()));
    let account = id(now.account_id.map(|id| id.to_string()));
    let model = id(now.model);
    let client = id(now.client_id);
    let recognised = Query::new(move || api.client_rules());
    let outcome = id(now.outcome.map(|o| o.as_str().to_owned()));
    let status = id(now.status.map(|s| s.to_string()));

    // Typing settles first; a choice from a list goes through at once.
    let typed = leptos_use::signal_debounced(Signal::derive(move || (model.get(), status.get())), 350.0);
    Effect::new(move |earlier: Option<String>| {
        let (model, status) = typed.get();
        let search = written(&[
            ("key_id", key.get()),
            ("account_id", account.get()),
            ("model", model),
            ("client_id", client.get()),
            ("outcome", outcome.get()),
            ("status", status),
        ]);
        if earlier.is_some_and(|earlier| earlier != search) {
            let options = NavigateOptions {
                resolve: false,
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{}{search}", routes::REQUESTS), options);
        }
        search
    });
    let clear = move |_| {
        for field in [key, account, model, client, outcome, status] {
            field.set(String::new());
        }
    };
    let all = move || (String::new(), t_string!(i18n, common.all).to_owned());
    let key_options = Signal::derive(move || {
        let keys = keys.data().map(|page| page.items).unwrap_or_default();
        std::iter::once(all()).chain(keys.into_iter().map(|k| (k.id.to_string(), k.name))).collect::<Vec<_>>()
    });
    let account_options = Signal::derive(move || {
        let accounts = accounts.data().map(|page| page.items).unwrap_or_default();
        std::iter::once(all())
            .chain(accounts.into_iter().map(|a| (a.id.to_string(), a.name)))
            .collect::<Vec<_>>()
    });
    let client_options = Signal::derive(move || {
        let clients = recognised.data().map(|set| set.clients).unwrap_or_default();
        std::iter::once(all()).chain(clients.into_iter().map(|c| (c.client, c.name))).collect::<Vec<_>>()
    });
    let outcome_options = Signal::derive(move || {
        let locale = i18n.get_locale();
        std::iter::once(all())
            .chain(
                Outcome::ALL.into_iter().map(|o| (o.as_str().to_owned(), outcome_name(o, locale).to_owned())),
            )
            .collect::<Vec<_>>()
    });
    let active = Memo::new(move |_| query.get() != RequestQuery::default());
    view! {
        <form
            class="mb-4 grid grid-cols-2 items-start gap-3 sm:grid-cols-3 lg:grid-cols-[1fr_1fr_1.2fr_1fr_1fr_6rem_auto]"
            role="search"
            on:submit=|event| event.prevent_default()
        >
            <SelectField label=text!(i18n, requests.key) value=key options=key_options testid="filter-key"/>
            <SelectField label=text!(i18n, requests.account) value=account options=account_options testid="filter-account"/>
            <TextField label=text!(i18n, requests.model) placeholder="claude-*" value=model mono=true testid="filter-model"/>
            <SelectField label=text!(i18n, requests.client) value=client options=client_options testid="filter-client"/>
            <SelectField label=text!(i18n, requests.outcome) value=outcome options=outcome_options testid="filter-outcome"/>
            <TextField label=text!(i18n, requests.status) placeholder="200" value=status inputmode="numeric" testid="filter-status"/>
            <button type="button" class="btn btn-ghost self-end" class:invisible=move || !active.get() on:click=clear>
                {t!(i18n, common.clear)}
            </button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_far_as_it_makes_sense() {
        let query = read(|name| match name {
            "model" => Some("claude-*".into()),
            "outcome" => Some("upstream_cut".into()),
            "status" => Some("many".into()),
            "key_id" => Some(String::new()),
            _ => None,
        });
        let expected = RequestQuery {
            model: Some("claude-*".into()),
            outcome: Some(Outcome::UpstreamCut),
            ..RequestQuery::default()
        };
        assert_eq!(query, expected);
    }
}
