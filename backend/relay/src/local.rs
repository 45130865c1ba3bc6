//! Calls that are answered here: model lists, what a key may know of itself, greetings.

use crate::{
    Relay, body::RelayBody, error::RelayError, facts, identify::Caller, load, plan::reaches, plan::serves,
    recent, scopes, tenant::Tenant,
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
use std::collections::BTreeMap;

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

/// The models that this key may use and that an account serves at a known price.
fn usable_models(relay: &Relay, tenant: &Tenant, caller: &Caller) -> BTreeMap<String, Provider> {
    let principal = &caller.principal;
    let (prices, now) = (relay.prices.table(), chrono::Utc::now());
    let mut names = BTreeMap::new();
    for account in tenant.accounts.iter().filter(|a| reaches(tenant, principal, a)) {
        let mut add = |name: &String| {
            names.entry(name.clone()).or_insert(account.provider);
        };
        if account.preset.models_are_priced {
            prices.models_of(account.provider.as_str()).for_each(|m| add(&m.name));
            continue;
        }
        let priced = |m: &&String| {
            prices.find(account.provider, m).is_some()
                || tenant.own_price(account.provider, m, now).is_some()
                || tenant.default_price.is_some()
        };
        account.models.iter().flatten().filter(|m| serves(account, m)).filter(priced).for_each(add);
    }
    let bounded = |m: &str| principal.rules.as_ref().is_some_and(|rules| !rules.models.permits(m));
    names.retain(|m, _| principal.models.permits(m) && !bounded(m));
    names
}

fn model<'a>(relay: &Relay, id: &'a str, provider: &'a Provider) -> Model<'a> {
    let prices = relay.prices.table();
    let known = prices.find(*provider, id);
    Model {
        id,
        display_name: id,
        created_at: UNDATED,
        owned_by: provider.as_str(),
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
    let list: Vec<Model<'_>> = names.iter().map(|(name, provider)| model(relay, name, provider)).collect();
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
    let Some(provider) = names.get(id) else { return Err(RelayError::UnknownModel { model: id.to_owned() }) };
    Ok(json_answer(dialect.model(&model(relay, id, provider))))
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
        let stand = facts::standing(scoped.limits, &stand, now.timestamp_millis());
        limits.extend(facts::of(scoped.name, scoped.limits, &stand).iter().map(facts::json));
    }
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
