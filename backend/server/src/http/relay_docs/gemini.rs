//! Calls in Gemini's dialect.

use super::refusals::{Counting, InGeminis, Looking};

/// Generate content (Gemini)
///
/// As `POST /api/v1/messages`, in Gemini's dialect, which Gemini CLI speaks: passed on, or converted, and limited and recorded in the
/// same way. The key may come as `x-goog-api-key`.
#[utoipa::path(
    post, path = "/gemini/v1beta/models/{model}:generateContent", operation_id = "generateContent", tag = "relay",
    params(("model" = String, Path, description = "Id of the model", example = "gemini-2.5-flash")),
    request_body(content = Value, content_type = "application/json", example = json!({"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]})),
    responses(
        (status = 200, description = "The answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any")), example = json!({
            "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": "Hello."}]}}],
            "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 3, "totalTokenCount": 14}
        })),
        InGeminis
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn generate() {}

/// Generate content as a stream (Gemini)
///
/// With `alt=sse` events, else one JSON array that grows.
#[utoipa::path(
    post, path = "/gemini/v1beta/models/{model}:streamGenerateContent", operation_id = "streamGenerateContent", tag = "relay",
    params(("model" = String, Path, description = "Id of the model", example = "gemini-2.5-flash"),
        ("alt" = Option<String>, Query, description = "`sse` for events", example = "sse")),
    request_body(content = Value, content_type = "application/json", example = json!({"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]})),
    responses(
        (status = 200, description = "The answer, piece by piece",
            content((String = "text/event-stream"), (Value = "application/json")), headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InGeminis
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn stream_generate() {}

/// Count tokens (Gemini)
///
/// As `POST /api/v1/messages/count_tokens`.
#[utoipa::path(
    post, path = "/gemini/v1beta/models/{model}:countTokens", operation_id = "countGeminiTokens", tag = "relay",
    params(("model" = String, Path, description = "Id of the model", example = "gemini-2.5-flash")),
    request_body(content = Value, content_type = "application/json", example = json!({"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]})),
    responses(
        (status = 200, description = "The count", body = Value, headers(("x-causeway-estimated" = String, description = "`true` where the provider cannot count")), example = json!({"totalTokens": 11})),
        Counting
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn count() {}

/// Embed content (Gemini)
///
/// Passed on to an account that speaks it; never converted.
#[utoipa::path(
    post, path = "/gemini/v1beta/models/{model}:embedContent", operation_id = "embedContent", tag = "relay",
    params(("model" = String, Path, description = "Id of the model", example = "gemini-embedding-001")),
    request_body(content = Value, content_type = "application/json", example = json!({"content": {"parts": [{"text": "A causeway"}]}})),
    responses(
        (status = 200, description = "The provider's answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InGeminis
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn embed() {}

/// Embed several contents (Gemini)
///
/// Passed on to an account that speaks it; never converted.
#[utoipa::path(
    post, path = "/gemini/v1beta/models/{model}:batchEmbedContents", operation_id = "batchEmbedContents", tag = "relay",
    params(("model" = String, Path, description = "Id of the model", example = "gemini-embedding-001")),
    request_body(content = Value, content_type = "application/json", example = json!({"requests": [{"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "A causeway"}]}}]})),
    responses(
        (status = 200, description = "The provider's answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InGeminis
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn batch_embed() {}

/// List the models that the key may use (Gemini)
#[utoipa::path(
    get, path = "/gemini/v1beta/models", operation_id = "listGeminiModels", tag = "relay",
    responses(
        (status = 200, description = "The models", body = Value, example = json!({
            "models": [{"name": "models/gemini-2.5-flash", "displayName": "gemini-2.5-flash", "supportedGenerationMethods": ["generateContent", "countTokens"]}]
        })),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn gemini_models() {}
