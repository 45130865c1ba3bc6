//! Calls in OpenAI's dialects.

use super::refusals::{InOpenais, Looking};

/// Create a chat completion (OpenAI)
///
/// As `POST /api/v1/messages`, in the dialect of OpenAI's Chat Completions: passed on, or converted, and limited and recorded in the
/// same way. Without `stream_options.include_usage` the provider is asked for the usage all the same, and the client is not told
/// it.
#[utoipa::path(
    post, path = "/openai/v1/chat/completions", operation_id = "createChatCompletion", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({
        "model": "gpt-5.5", "stream": true, "messages": [{"role": "user", "content": "Say hello."}]
    })),
    responses(
        (status = 200, description = "The answer: JSON, or an event stream where `stream` is true",
            content((Value = "application/json", example = json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1_795_219_200, "model": "gpt-5.5",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            })), (String = "text/event-stream")),
            headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn chat_completions() {}

/// Create a response (OpenAI)
///
/// As `POST /api/v1/messages`, in the dialect of OpenAI's Responses, which Codex speaks. `previous_response_id` goes to the account
/// that has the response.
#[utoipa::path(
    post, path = "/openai/v1/responses", operation_id = "createResponse", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({"model": "gpt-5.5", "stream": true, "input": "Say hello."})),
    responses(
        (status = 200, description = "The answer: JSON, or an event stream where `stream` is true",
            content((Value = "application/json", example = json!({
                "id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5.5",
                "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]}],
                "usage": {"input_tokens": 11, "output_tokens": 3, "total_tokens": 14}
            })), (String = "text/event-stream")),
            headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn responses() {}

/// Open a WebSocket for responses (OpenAI)
///
/// Each message `response.create` is a request of its own, limited and recorded like one that is posted; the events of its answer
/// come as messages. Refusals of a message are messages of the type `error`, and leave the connection open.
#[utoipa::path(
    get, path = "/openai/v1/responses", operation_id = "openResponses", tag = "relay",
    responses(
        (status = 101, description = "It is open"),
        (status = 426, description = "The request asks for no WebSocket (`upgrade_required`), or none are spoken here (`websocket_not_spoken`)", body = Value),
        (status = 429, description = "The key or the instance has as many open as it may (`too_many_sockets`)", body = Value),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn open_responses() {}

/// Compact a conversation (OpenAI)
///
/// Passed on to an account that can; billed like a response.
#[utoipa::path(
    post, path = "/openai/v1/responses/compact", operation_id = "compactResponse", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({"model": "gpt-5.5", "input": [{"role": "user", "content": "Say hello."}]})),
    responses(
        (status = 200, description = "What stands for the conversation from now on", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn compact() {}

/// Complete a text (OpenAI)
///
/// Passed on to an account that speaks it; never converted.
#[utoipa::path(
    post, path = "/openai/v1/completions", operation_id = "createCompletion", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({"model": "gpt-3.5-turbo-instruct", "prompt": "Say", "max_tokens": 16})),
    responses(
        (status = 200, description = "The provider's answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn completions() {}

/// Create embeddings (OpenAI)
///
/// Passed on to an account that speaks it; never converted.
#[utoipa::path(
    post, path = "/openai/v1/embeddings", operation_id = "createEmbedding", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({"model": "text-embedding-3-small", "input": "A causeway"})),
    responses(
        (status = 200, description = "The provider's answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn embeddings() {}

/// Create images (OpenAI)
///
/// Passed on to an account that speaks it; never converted. Billed by tokens, for models that have a price for them.
#[utoipa::path(
    post, path = "/openai/v1/images/generations", operation_id = "createImage", tag = "relay",
    request_body(content = Value, content_type = "application/json", example = json!({"model": "gpt-image-1", "prompt": "A causeway at low tide"})),
    responses(
        (status = 200, description = "The provider's answer", body = Value, headers(("x-causeway-limits" = String, description = "How the limits stand, where there are any"))),
        InOpenais
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn images() {}

/// List the models that the key may use (OpenAI)
#[utoipa::path(
    get, path = "/openai/v1/models", operation_id = "listOpenaiModels", tag = "relay",
    responses(
        (status = 200, description = "The models", body = Value, example = json!({
            "object": "list", "data": [{"id": "gpt-5.5", "object": "model", "created": 1_767_225_600, "owned_by": "openai"}]
        })),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn openai_models() {}
