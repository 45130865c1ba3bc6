//! Errors in Anthropic's shape, as a body and as a stream event, and the refusals that a script asks for.

use axum::response::Response;
use serde_json::json;

use crate::{
    receive::Call,
    reply::{self, refuse_as},
    script::Refusal,
};

pub(crate) fn problem(status: u16, kind: &str, message: impl Into<String>) -> Refusal {
    Refusal { status, kind: Some(kind.to_owned()), message: Some(message.into()), ..Refusal::default() }
}

/// Answer with a refusal. Nothing was generated, so nothing is billed.
pub(crate) fn refuse(call: Call, refusal: &Refusal) -> Response {
    refuse_as(call, refusal, super::MANNER)
}

/// The content type and the body.
pub(crate) fn render(refusal: &Refusal, request_id: &str) -> (&'static str, String) {
    if let Some(verbatim) = reply::verbatim(refusal) {
        return verbatim;
    }
    let (kind, message) = usual(refusal.status);
    let kind = refusal.kind.as_deref().unwrap_or(kind);
    let message = refusal.message.as_deref().unwrap_or(message);
    let body =
        json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id});
    ("application/json", body.to_string())
}

/// An error inside a stream that began with 200.
pub(crate) fn event(kind: &str) -> Vec<u8> {
    let message = if kind == "overloaded_error" { "Overloaded" } else { "Internal server error" };
    let data = json!({"type": "error", "error": {"type": kind, "message": message}});
    format!("event: error\ndata: {data}\n\n").into_bytes()
}

/// What the provider says with a status when nothing else is known.
fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        400 | 409 | 422 => ("invalid_request_error", "The request was not understood"),
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the Anthropic API"),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource"),
        404 => ("not_found_error", "Not found"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit"),
        504 => ("timeout_error", "Request timed out"),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    }
}
