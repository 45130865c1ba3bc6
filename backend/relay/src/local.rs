//! Calls that are answered here: model lists, what a key may know of itself, greetings.

use crate::{
    Relay,
    body::RelayBody,
    call::permits,
    error::RelayError,
    facts,
    identify::Caller,
    load,
    plan::reaches,
    recent, scopes,
    tenant::{Account, Tenant},
};
use bytes::Bytes;
use causeway_dialect::{Dialect, models::Model};
use causeway_domain::{Nanos, provider::Provider};
use causeway_store::{
    hold::{self, ScopeId},
    totals,
};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Anthropic's list gives the epoch where a release date is not known.
const UNDATED: &str = "1970-01-01T00:00:00Z";

/// A JSON answer.
pub(crate) fn json_answer(body: impl Into<Bytes>) -> Response<RelayBody> {
    let mut response = Response::new(RelayBody::full(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What clients get who only want to know that somebody is there, or to be rid of their telemetry.
pub(crate) fn greeting() -> Response<RelayBody> {
    json_answer(r#"{"ok":true}"#)
}

/// What stands behind a name in the list of models.
struct Listed {
    provider: Provider,
    /// The model that the name leads to.
    model: String,
}

/// The names that this key may ask for, each with what an account serves for it at a known price.
fn usable_models(relay: &Relay, tenant: &Tenant, caller: &Caller) -> BTreeMap<String, Listed> {
    let principal = &caller.principal;
    let (prices, now) = (relay.prices.table(), chrono::Utc::now());
    let routes = &tenant.routes;
    let accounts: Vec<_> = tenant.accounts.iter().filter(|a| reaches(tenant, principal, a)).collect();
    let mut own = BTreeSet::new();
    for account in &accounts {
        let (provider, id) = (account.provider, account.id);
        own.extend(routes.mapped_at(provider, id).map(str::to_owned));
        if account.preset.models_are_priced {
            own.extend(prices.models_of(provider.as_str()).map(|m| m.name.clone()));
        } else {
            own.extend(account.models.iter().flatten().cloned());
        }
    }
    let served = |account: &Account, model: &str| {
        let (provider, id) = (account.provider, account.id);
        let known = prices.find(provider, model).is_some();
        let mapped = routes.name_at(model, provider, id).is_some();
        if account.preset.models_are_priced && !mapped {
            return known;
        }
        let priced =
            known || tenant.own_price(provider, model, now).is_some() || tenant.default_price.is_some();
        priced && (mapped || account.models.as_ref().is_some_and(|list| list.contains(model)))
    };
    let behind = |name: &str| {
        let legs = routes.resolve(name).into_iter().filter(|leg| permits(principal, leg.model));
        let mut found = legs.filter_map(|leg| {
            let leads = |a: &&&Arc<Account>| routes.leads_to(&leg, a.provider, a.id) && served(a, leg.model);
            let account = accounts.iter().find(leads)?;
            Some(Listed { provider: account.provider, model: leg.model.to_owned() })
        });
        found.next()
    };
    let prefixed = routes.prefixes().flat_map(|prefix| own.iter().map(move |name| format!("{prefix}{name}")));
    let named = routes.names().map(str::to_owned).chain(prefixed);
    let names = named.collect::<BTreeSet<_>>().into_iter().chain(own.iter().cloned());
    names.filter_map(|name| behind(&name).map(|listed| (name, listed))).collect()
}

/// The names that this key may ask for.
pub(crate) fn names(relay: &Relay, tenant: &Tenant, caller: &Caller) -> Vec<String> {
    usable_models(relay, tenant, caller).into_keys().collect()
}

fn model<'a>(relay: &Relay, id: &'a str, listed: &'a Listed) -> Model<'a> {
    let prices = relay.prices.table();
    let known = prices.find(listed.provider, &listed.model);
    Model {
        id,
        display_name: id,
        created_at: UNDATED,
        owned_by: listed.provider.as_str(),
        context: known.and_then(|m| m.context),
        max_output: known.and_then(|m| m.max_output),
    }
}

/// `GET …/models`, in the shape of the dialect.
pub(crate) fn models(
    dialect: Dialect,
    relay: &Relay,
    tenant: &Tenant,
    caller: &Caller,
    query: Option<&str>,
) -> Result<Response<RelayBody>, RelayError> {
    let bad = |field, message: String| RelayError::BadRequest {
        code: "invalid_field",
        field: Some(field),
        message,
    };
    let pairs = query.into_iter().flat_map(|q| q.split('&')).filter_map(|p| p.split_once('='));
    let cursor = dialect.model_cursor(pairs).map_err(|e| bad(e.field, e.to_string()))?;
    let names = usable_models(relay, tenant, caller);
    let list: Vec<Model<'_>> = names.iter().map(|(name, listed)| model(relay, name, listed)).collect();
    let body = dialect.model_list(&list, &cursor).map_err(|e| bad(e.field, e.to_string()))?;
    Ok(json_answer(body))
}

/// `GET …/models/{id}`.
pub(crate) fn one_model(
    dialect: Dialect,
    relay: &Relay,
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
) -> Result<Response<RelayBody>, RelayError> {
    let names = usable_models(relay, tenant, caller);
    let Some(listed) = names.get(id) else { return Err(RelayError::UnknownModel { model: id.to_owned() }) };
    Ok(json_answer(dialect.model(&model(relay, id, listed))))
}

/// `GET /v1/me`, `/v1/key-info`, `/v1/usage`: name, models, limits of the key and of the member whose it is, how they
/// stand, and what was used of late. The key is the proof.
pub(crate) async fn key_info(
    relay: &Relay,
    tenant: &Tenant,
    caller: &Caller,
) -> Result<Response<RelayBody>, RelayError> {
    let principal = &caller.principal;
    let now = chrono::Utc::now();
    let mut limits = Vec::new();
    for scoped in scopes::of(caller, tenant) {
        // What the whole organisation may spend, and has left, is not for everybody who has one of its keys.
        if scoped.limits.is_empty() || scoped.id == ScopeId::Organisation {
            continue;
        }
        let kinds: Vec<_> = scoped.limits.windows().collect();
        load::scope(relay, tenant, scoped.id, &kinds).await?;
        let stand = hold::standing(&relay.store.cache, tenant.org, scoped.id).await?;
        let stand = facts::standing(scoped.limits, &stand, &tenant.calendar, now);
        facts::add(&mut limits, scoped.name, scoped.limits, &stand);
    }
    let limits: Vec<_> = limits.iter().map(facts::json).collect();
    let key = ScopeId::Key(principal.key);
    let open = hold::standing(&relay.store.cache, tenant.org, key).await?;
    let totals = totals::of(&relay.store.jobs, tenant.org, key, &tenant.calendar, &[], now).await?;
    let body = json!({
        "object": "api_key",
        "id": principal.key,
        "name": principal.name,
        "organization": {"id": tenant.org, "name": tenant.name, "time_zone": tenant.calendar.time_zone.name()},
        "expires_at": principal.expiry.end().into_iter().chain(principal.secret_until).min(),
        "models": principal.models,
        "limits": limits,
        "usage": {
            "total_usd": Nanos(totals.nanos),
            "total_tokens": totals.tokens,
            "total_requests": totals.requests,
            "reserved_usd": Nanos(open.reserved_nanos),
            "running_requests": open.open,
        },
        "recent": recent::of(relay, tenant, principal.key, now).await?,
    });
    Ok(json_answer(body.to_string()))
}

/// Marks an answer that was computed here because the provider has no such call.
pub(crate) fn estimated(mut response: Response<RelayBody>) -> Response<RelayBody> {
    response.headers_mut().insert("x-causeway-estimated", HeaderValue::from_static("true"));
    *response.status_mut() = StatusCode::OK;
    response
}
