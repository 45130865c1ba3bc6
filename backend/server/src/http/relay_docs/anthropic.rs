//! Calls in Anthropic's dialect.

use super::refusals::{Counting, InAnthropics, Looking};

/// Send a message (Anthropic)
///
/// Passed on byte for byte to an account that the key may use and that speaks this dialect; converted for one that does not.
/// The answer, streamed or not, comes back as the provider sends it, or in this dialect. Every call that reaches a provider
/// leaves one row in the ledger.
///
/// Limits of the key, of the member whose key it is and of the organisation are reserved before the call is sent and
/// settled when it is over. How they stand is told by the header `x-causeway-limits` of every answer that went through:
/// a comma-separated list of `scope-unit[-window];limit=…;used=…;reserved=…[;reset=seconds since the epoch]`, of everything
/// that is limited but the organisation's dollars. In a refusal `error.causeway` tells `code`, `scope`, `window`, `limit`, `used`,
/// `reserved`, `could_need` and `resets_in_seconds`. Codes: `requests_per_minute`, `tokens_per_minute`, `concurrency`,
/// `requests` (429), `budget_usd`, `budget_tokens`, `balance` (402).
#[utoipa::path(
    post, path = "/api/v1/messages", operation_id = "createMessage", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({
        "model": "claude-sonnet-5", "max_tokens": 256, "stream": true,
        "messages": [{"role": "user", "content": "Say hello."}]
    })),
    responses(
        (status = 200, description = "The answer: JSON, or an event stream where `stream` is true",
            content((Value = "application/json", example = json!({
                "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-5",
                "content": [{"type": "text", "text": "Hello."}], "stop_reason": "end_turn",
                "usage": {"input_tokens": 11, "output_tokens": 3}
            })), (String = "text/event-stream")),
            headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InAnthropics
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn messages() {}

/// Count the tokens of a message (Anthropic)
///
/// Asked of the provider, which does it for nothing; where it cannot, it is estimated here, and `x-causeway-estimated: true` says
/// so. Counts against no limit.
#[utoipa::path(
    post, path = "/api/v1/messages/count_tokens", operation_id = "countTokens", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({
        "model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Say hello."}]
    })),
    responses(
        (status = 200, description = "The count", body = Value, headers(("x-causeway-estimated" = String, description = "`true` where the provider cannot count")), example = json!({"input_tokens": 11})),
        Counting
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn count_tokens() {}

/// List the models that the key may use (Anthropic)
#[utoipa::path(
    get, path = "/api/v1/models", operation_id = "listModels", tag = "relay",
    responses(
        (status = 200, description = "The models, newest first", body = Value, example = json!({
            "data": [{"id": "claude-sonnet-5", "type": "model", "display_name": "claude-sonnet-5", "created_at": "2026-01-01T00:00:00Z"}],
            "has_more": false, "first_id": "claude-sonnet-5", "last_id": "claude-sonnet-5"
        })),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn models() {}

/// Get one model that the key may use (Anthropic)
#[utoipa::path(
    get, path = "/api/v1/models/{id}", operation_id = "getModel", tag = "relay",
    params(("id" = String, Path, description = "Id of the model", example = "claude-sonnet-5")),
    responses(
        (status = 200, description = "The model", body = Value),
        (status = 404, description = "No such model, or not for this key", body = Value),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn model() {}
