//! What the relay and the server answer, for the OpenAPI document. The relay itself has no router to derive it from:
//! its paths are matched by hand on the hot path.
//!
//! Bodies of the providers' dialects are theirs to describe. Here they are open objects with an example, because
//! Causeway passes on what it does not know.

use super::health::{Component, Readiness};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The part of the document that is about the relay, with the head of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway",
        description = "One address for the language models of a team. Calls to the relay speak the provider's own \
            dialect and carry a Causeway key; the admin API carries an access token of `POST /admin/v1/auth/sign-in`. \
            The relay answers with and without the prefixes /api and /claude."
    ),
    paths(messages, count_tokens, models, model, me, key_info, usage, ping, health, ready),
    components(schemas(Readiness, Component)),
    tags(
        (name = "relay", description = "Calls that go on to a provider, in its dialect"),
        (name = "key holder", description = "What the holder of a key may know about it"),
        (name = "server", description = "Is it there, and is it well")
    ),
    modifiers(&Keys)
)]
pub(crate) struct RelayDocs;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A Causeway key (cw_…)"));
        components.add_security_scheme("key", SecurityScheme::Http(bearer.build()));
        let header = ApiKeyValue::with_description("x-api-key", "A Causeway key (cw_…)");
        components.add_security_scheme("key_header", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// Send a message (Anthropic dialect)
///
/// Passed on byte for byte to the account that the key may use; the answer, streamed or not, comes back as the
/// provider sends it. Every call leaves one row in the ledger.
///
/// Limits of the key, of the member whose key it is and of the organisation are reserved before the call is sent and
/// settled when it is over. How they stand is told by the header `x-causeway-limits` of every answer that went through:
/// a comma-separated list of `scope-unit[-window];limit=…;used=…;reserved=…[;reset=seconds since the epoch]`, and in a
/// refusal by `error.causeway`: `code`, `scope`, `window`, `limit`, `used`, `reserved`, `could_need`,
/// `resets_in_seconds`. Codes: `requests_per_minute`, `tokens_per_minute`, `concurrency`, `requests` (429),
/// `budget_usd`, `budget_tokens`, `balance` (402).
#[utoipa::path(
    post, path = "/api/v1/messages", operation_id = "createMessage", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({
        "model": "claude-sonnet-5", "max_tokens": 256, "stream": true,
        "messages": [{"role": "user", "content": "Say hello."}]
    })),
    responses(
        (status = 200, description = "The provider's answer: JSON, or an event stream where `stream` is true",
            content((Value = "application/json", example = json!({
                "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-5",
                "content": [{"type": "text", "text": "Hello."}], "stop_reason": "end_turn",
                "usage": {"input_tokens": 11, "output_tokens": 3}
            })), (String = "text/event-stream"))),
        (status = 400, description = "The body is not JSON, or lacks what the ledger needs", body = Value),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value,
            example = json!({"type": "error", "error": {"type": "authentication_error", "message": "This key is not known."}})),
        (status = 402, description = "A budget or the balance could be exceeded by this call", body = Value,
            example = json!({"type": "error", "error": {"type": "billing_error", "message": "the daily budget of this API key is $5.00: …",
                "causeway": {"code": "budget_usd", "scope": "key", "window": "day", "limit": "5.00", "used": "4.98", "reserved": "0.00", "could_need": "0.05", "resets_in_seconds": 3600}}})),
        (status = 403, description = "The key may not use this model, or may not be used from there or for that: `address_forbidden`, `dialect_forbidden`, `provider_forbidden`", body = Value),
        (status = 404, description = "The model is not known and has no price (`unknown_model`), or no upstream account serves it (`not_served`)", body = Value),
        (status = 413, description = "The body is too large", body = Value),
        (status = 429, description = "A limit is reached, or no place came free in time; `retry-after` says when to try again", body = Value,
            example = json!({"type": "error", "error": {"type": "rate_limit_error", "message": "this API key may make 60 requests in a minute and has made 60",
                "causeway": {"code": "requests_per_minute", "scope": "key", "limit": 60, "used": 60, "reserved": 0, "resets_in_seconds": 12}}})),
        (status = 503, description = "No account can take the request now, or limits cannot be checked at the moment", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn messages() {}

/// Count the tokens of a message (Anthropic dialect)
///
/// Passed on to the provider; costs nothing.
#[utoipa::path(
    post, path = "/api/v1/messages/count_tokens", operation_id = "countTokens", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({
        "model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Say hello."}]
    })),
    responses(
        (status = 200, description = "The count", body = Value, example = json!({"input_tokens": 11})),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not use this model, or may not be used from there or for that: `address_forbidden`, `dialect_forbidden`, `provider_forbidden`", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn count_tokens() {}

/// List the models that the key may use
#[utoipa::path(
    get, path = "/api/v1/models", operation_id = "listModels", tag = "relay",
    responses(
        (status = 200, description = "The models, newest first", body = Value, example = json!({
            "data": [{"id": "claude-sonnet-5", "type": "model", "display_name": "claude-sonnet-5", "created_at": "2026-01-01T00:00:00Z"}],
            "has_more": false, "first_id": "claude-sonnet-5", "last_id": "claude-sonnet-5"
        })),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not be used from there or for that", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn models() {}

/// Get one model that the key may use
#[utoipa::path(
    get, path = "/api/v1/models/{id}", operation_id = "getModel", tag = "relay",
    params(("id" = String, Path, description = "Id of the model", example = "claude-sonnet-5")),
    responses(
        (status = 200, description = "The model", body = Value),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not be used from there or for that", body = Value),
        (status = 404, description = "No such model, or not for this key", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn model() {}

/// Who the key belongs to
#[utoipa::path(
    get, path = "/v1/me", operation_id = "getKeyHolder", tag = "key holder",
    responses(
        (status = 200, description = "The key, its organisation and its limits", body = Value),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not be used from there or for that", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn me() {}

/// The key's limits and what is left of them
///
/// Limits of the key, of the member whose key it is, and of the organisation. Dollars are decimal strings; `reserved` is
/// held by requests that are still running. `recent` has the organisation's last seven days and the last twenty requests.
#[utoipa::path(
    get, path = "/v1/key-info", operation_id = "getKeyInfo", tag = "key holder",
    responses(
        (status = 200, description = "Name, models, limits and how they stand", body = Value, example = json!({
            "object": "api_key", "name": "Ada's laptop", "expires_at": null,
            "limits": [{"scope": "key", "unit": "usd", "window": "day", "limit": "5.00", "used": "1.20", "reserved": "0.05",
                "remaining": "3.75", "resets_at": "2026-11-21T00:00:00+00:00"}],
            "usage": {"total_usd": "12.90", "total_tokens": 1904210, "total_requests": 311, "reserved_usd": "0.05", "running_requests": 1},
            "recent": {
                "days": [{"day": "2026-11-20", "requests": 31, "tokens": 190421, "usd": "1.20"}],
                "requests": [{"at": "2026-11-20T16:28:50+00:00", "model": "claude-sonnet-5", "status": 200, "outcome": "completed",
                    "tokens": 6112, "usd": "0.0391"}]
            }
        })),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not be used from there or for that", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn key_info() {}

/// What the key has used
#[utoipa::path(
    get, path = "/v1/usage", operation_id = "getKeyUsage", tag = "key holder",
    responses(
        (status = 200, description = "Tokens and dollars", body = Value),
        (status = 401, description = "No key, or one that is wrong, disabled or expired", body = Value),
        (status = 403, description = "The key may not be used from there or for that", body = Value)
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
fn usage() {}

/// Is anybody there
#[utoipa::path(
    get, path = "/ping", operation_id = "ping", tag = "server",
    responses((status = 200, description = "Yes", body = String, content_type = "text/plain", example = json!("pong"))),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
fn ping() {}

/// Is the process alive
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "server",
    responses((status = 200, description = "It is", body = Value, example = json!({"status": "ok"}))),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
fn health() {}

/// May requests be sent here
///
/// Asks Postgres (and whether row-level security holds), Redis (and whether it might evict counters) and whether all
/// migrations have run.
#[utoipa::path(
    get, path = "/ready", operation_id = "ready", tag = "server",
    responses(
        (status = 200, description = "They may", body = Readiness),
        (status = 503, description = "They may not; the components say why", body = Readiness)
    ),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
fn ready() {}
