//! The OpenAI dialects: Chat Completions and Responses, the model list, and errors in OpenAI's shape. Also what servers
//! that call themselves compatible add to Chat: `reasoning_content`, in answers and in the history.
//!
//! The addresses are those of the provider, and those at which others serve the same (`/openai/v1`, `/compatible-mode/v1`,
//! and without a version).

mod chat;
mod error;
pub(crate) mod models;
mod responses;
mod schema;
mod tools;

use std::sync::Arc;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::{
    Shared, anthropic,
    check::{Checked, Node, Wrong},
    ledger::Slot,
    receive::Call,
    reply::{JSON, Manner, refuse_as},
    script::{Refusal, ScriptError},
    wish::{Refusals, Wish},
};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let calls: Router<Arc<Shared>> = Router::new()
        .route("/chat/completions", post(chat::create))
        .route("/responses", post(responses::create))
        .route("/responses/compact", post(responses::compact::create));
    let all = calls.clone().route("/models", get(models::list)).route("/models/{id}", get(models::get));
    // `/v1/models` is shared with the other dialect, which asks back here.
    Router::new()
        .nest("/v1", calls.clone())
        .nest("/compat/v1", calls)
        .nest("/openai/v1", all.clone())
        .nest("/compatible-mode/v1", all.clone())
        .merge(all)
        .with_state(Arc::clone(shared))
}

const MANNER: Manner = Manner { render: error::render, describe, json: JSON };

const REFUSALS: Refusals = Refusals { script: misread, no_such_model };

fn misread(wrong: &ScriptError) -> Refusal {
    error::problem(400, None, None, &wrong.to_string())
}

fn no_such_model(model: &str) -> Refusal {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    error::problem(404, Some("model_not_found"), None, &message)
}

fn refuse(call: Call, refusal: &Refusal) -> Response {
    refuse_as(call, refusal, MANNER)
}

/// Who asks.
fn admit(shared: &Shared, call: &Call) -> Result<(), Refusal> {
    let Some(key) = &call.key else {
        let message = "You didn't provide an API key. You need to provide your API key in an Authorization header \
                       using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
        return Err(error::problem(401, None, None, message));
    };
    if !call.authentic(shared) {
        let end = key.get(key.len().saturating_sub(4)..).unwrap_or_default();
        let message = format!(
            "Incorrect API key provided: ***{end}. You can find your API key at \
             https://platform.openai.com/account/api-keys."
        );
        return Err(error::problem(401, Some("invalid_api_key"), None, &message));
    }
    if call.body.len() > anthropic::LARGEST {
        return Err(error::problem(413, None, None, "Request body too large"));
    }
    Ok(())
}

/// The body, which must be an object.
fn read(call: &Call) -> Result<Value, Refusal> {
    let nonsense = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your \
                    HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid \
                    JSON.)";
    serde_json::from_slice::<Value>(&call.body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| error::problem(400, None, None, nonsense))
}

/// What is asked for, read with indulgence: what is wrong with it is told later. The end user is whatever carries a
/// script, or else whatever names one.
fn wish<'a>(body: &'a Value, most: &[&str]) -> Wish<'a> {
    let names =
        [&body["metadata"]["user_id"], &body["safety_identifier"], &body["user"], &body["prompt_cache_key"]];
    let names = || names.iter().filter_map(|value| value.as_str());
    Wish {
        model: body["model"].as_str(),
        user: names().find(|name| crate::script::marker(name).is_some()).or_else(|| names().next()),
        stream: body["stream"].as_bool().unwrap_or(false),
        max_tokens: most.iter().find_map(|name| body[name].as_u64()),
    }
}

/// Hold a body against a schema and say what is wrong in this dialect's words.
fn checked<T>(
    shared: &Shared,
    body: &Value,
    check: impl FnOnce(&Node<'_>) -> Checked<T>,
) -> Result<T, Refusal> {
    let root = Node::root(body, shared.config.strict);
    check(&root).map_err(|wrong: Wrong| error::wrong(&wrong))
}

/// The headers of every answer: the request id and the rate limits.
fn describe(slot: &Slot, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(slot.request_id()) {
        headers.insert("x-request-id", id);
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const HEADERS: [(&str, &str); 9] = [
    ("openai-organization", "sim-organization"),
    ("openai-processing-ms", "1"),
    ("openai-version", "2020-10-01"),
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1998000"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "60ms"),
];
