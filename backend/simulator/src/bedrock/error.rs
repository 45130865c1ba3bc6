//! Errors in AWS's manner: the kind in a header (with an address behind it, which callers must cut off), the message in
//! the body; and as exceptions inside a stream.

use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::frame::{Header, frame};
use crate::{
    anthropic,
    ledger::Slot,
    receive::Call,
    reply::{JSON, Manner, refuse_as},
    script::Refusal,
};

pub(super) const MANNER: Manner = Manner { render, describe, json: JSON };

pub(super) fn refusal(status: u16, kind: &str, message: &str) -> Refusal {
    Refusal { status, kind: Some(kind.to_owned()), message: Some(message.to_owned()), ..Refusal::default() }
}

/// Answer with a refusal, of ours or of a script.
pub(super) fn refuse(call: Call, refusal: &Refusal) -> Response {
    let mut refusal = refusal.clone();
    if !refusal.html {
        let kind = kind(&refusal);
        let kind = format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        refusal.headers.insert(0, ("x-amzn-errortype".to_owned(), kind));
    }
    refuse_as(call, &refusal, MANNER)
}

/// In the words of the platform, whatever the rest of the simulator calls it.
fn kind(refusal: &Refusal) -> &str {
    match refusal.kind.as_deref() {
        None => usual(refusal.status).0,
        Some(kind) if kind.ends_with("_error") => usual(refusal.status).0,
        Some(kind) => kind,
    }
}

fn render(refusal: &Refusal, request_id: &str) -> (&'static str, String) {
    if refusal.body.is_some() || refusal.html {
        return anthropic::render(refusal, request_id);
    }
    let message = refusal.message.as_deref().unwrap_or(usual(refusal.status).1);
    ("application/json", json!({"message": message}).to_string())
}

fn describe(slot: &Slot, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(slot.request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
}

fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("ValidationException", "Malformed input request, please reformat your input and try again."),
        401 | 403 => {
            ("AccessDeniedException", "You don't have access to the model with the specified model ID.")
        }
        404 => (
            "ResourceNotFoundException",
            "Could not resolve the foundation model from the provided model identifier.",
        ),
        408 => ("ModelTimeoutException", "Model has timed out in processing the request."),
        413 => ("ValidationException", "Input is too long for requested model."),
        424 => ("ModelErrorException", "The system encountered an unexpected error during processing."),
        429 => ("ThrottlingException", "Too many requests, please wait before trying again."),
        503 | 529 => ("ServiceUnavailableException", "Bedrock is unable to process your request."),
        _ => ("InternalServerException", "The system encountered an unexpected error during processing."),
    }
}

/// An exception inside a stream that began with 200. Error types of the provider are told in the platform's words.
pub(super) fn exception(kind: &str) -> Vec<u8> {
    let (kind, message) = match kind {
        "overloaded_error" => ("serviceUnavailableException", usual(503).1),
        "rate_limit_error" => ("throttlingException", usual(429).1),
        "api_error" => ("internalServerException", usual(500).1),
        "timeout_error" => ("modelTimeoutException", usual(408).1),
        "throttlingException" => (kind, usual(429).1),
        other => {
            (other, "The system encountered an unexpected error during processing. Try your request again.")
        }
    };
    let headers = [
        Header { name: ":exception-type", value: kind },
        Header { name: ":content-type", value: "application/json" },
        Header { name: ":message-type", value: "exception" },
    ];
    frame(&headers, json!({"message": message}).to_string().as_bytes())
}
