//! The Anthropic dialect: Messages, token counting, the model list, and errors in Anthropic's shape.

mod count;
mod error;
mod json;
mod messages;
mod models;
mod request;
mod rules;
mod stream;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    response::Response,
    routing::{any, get, post},
};
use http::{HeaderMap, HeaderValue, Request};

pub(crate) use self::{
    error::{problem, render},
    json::body,
    messages::{Addressed, draw_up, plan, respond, whole},
    stream::Stream,
};
use crate::{
    Shared,
    bearer::{Holder, Standing},
    fault,
    ledger::Slot,
    listen::Connection,
    receive::Call,
    reply::{JSON, Manner, plain_as},
    script::{Refusal, Script},
};

/// The routes, at the root and under `/compat` (for accounts whose base URL has a path).
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let routes: Router<Arc<Shared>> = Router::new()
        .route("/v1/messages", post(messages::create))
        .route("/v1/messages/count_tokens", post(count::create))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{id}", get(models::get));
    Router::new()
        .nest("/compat", routes.clone())
        .merge(routes)
        .fallback(any(unknown))
        .method_not_allowed_fallback(unknown)
        .with_state(Arc::clone(shared))
}

async fn unknown(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<axum::body::Body>,
) -> Response {
    let Ok(call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    error::refuse(call, &problem(404, "not_found_error", "Not found"))
}

/// The manner of the provider itself.
const MANNER: Manner = Manner { render, describe, json: JSON };

/// Who asks, and with what version of the API: what every call must have.
fn admit(shared: &Shared, call: &Call) -> Result<(), Refusal> {
    if call.key.is_none() {
        return Err(problem(401, "authentication_error", "x-api-key header is required"));
    }
    if !call.authentic(shared) {
        return Err(problem(401, "authentication_error", turned_away(call)));
    }
    if let Some(beta) = call.holder.as_ref().and_then(|_| shared.oauth.terms().beta) {
        let said = call.headers.get_all("anthropic-beta");
        let said = said.iter().filter_map(|value| value.to_str().ok());
        if !said.flat_map(|value| value.split(',')).any(|value| value.trim() == beta) {
            let message = "OAuth authentication is currently not supported.";
            return Err(problem(401, "authentication_error", message));
        }
    }
    if shared.config.require_version && !call.headers.contains_key("anthropic-version") {
        return Err(problem(400, "invalid_request_error", "anthropic-version: header is required"));
    }
    if call.body.len() > LARGEST {
        return Err(problem(413, "request_too_large", "Request exceeds the maximum size"));
    }
    Ok(())
}

fn turned_away(call: &Call) -> &'static str {
    match call.holder.as_ref().map(Holder::standing) {
        Some(Standing::Expired) => {
            "OAuth token has expired. Please obtain a new token or refresh your existing token."
        }
        Some(Standing::Revoked) => "OAuth token has been revoked. Please obtain a new token.",
        _ if call.headers.contains_key("x-api-key") => "invalid x-api-key",
        _ => "Invalid bearer token",
    }
}

/// The provider's limit on request bodies.
pub(crate) const LARGEST: usize = 32 * 1024 * 1024;

/// A short answer that generates nothing, after whatever the script wants first.
async fn plain(
    call: Call,
    script: &Script,
    body: impl FnOnce(&mut Call) -> Result<String, Refusal>,
) -> Response {
    plain_as(call, script, body, MANNER).await
}

/// The headers of every answer: the request id and the rate limits.
pub(crate) fn describe(slot: &Slot, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(slot.request_id()) {
        headers.insert("request-id", id);
    }
    let reset = chrono::Utc::now() + chrono::Duration::seconds(60);
    let reset = HeaderValue::from_str(&reset.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).ok();
    for (name, value) in LIMITS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for name in RESETS {
        if let Some(reset) = &reset {
            headers.insert(name, reset.clone());
        }
    }
}

const LIMITS: [(&str, &str); 7] = [
    ("anthropic-organization-id", "5a1e0000-0000-4000-8000-000000000001"),
    ("anthropic-ratelimit-requests-limit", "4000"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("anthropic-ratelimit-input-tokens-limit", "2000000"),
    ("anthropic-ratelimit-input-tokens-remaining", "1998000"),
    ("anthropic-ratelimit-output-tokens-limit", "400000"),
    ("anthropic-ratelimit-output-tokens-remaining", "399000"),
];

const RESETS: [&str; 3] = [
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-input-tokens-reset",
    "anthropic-ratelimit-output-tokens-reset",
];
