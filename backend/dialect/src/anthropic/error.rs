//! Errors in Anthropic's shape: ours written, the upstream's read, and the `ping` that keeps a client waiting.
//!
//! Ours carry one member more, `error.causeway`, with a stable code and the figures that go with it; clients show
//! `error.message` and ignore what they do not know.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Failure, UpstreamError};
use crate::{scan, sse};

/// Anthropic's error types with their statuses, both ways.
const KINDS: [(u16, &str); 10] = [
    (400, "invalid_request_error"),
    (401, "authentication_error"),
    (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"),
    (413, "request_too_large"),
    (429, "rate_limit_error"),
    (500, "api_error"),
    (504, "timeout_error"),
    (529, "overloaded_error"),
];

/// The error type for a status. Statuses that Anthropic does not use become the nearest of their class.
pub fn kind(status: u16) -> &'static str {
    let known = KINDS.iter().find(|(known, _)| *known == status);
    match (known, status) {
        (Some((_, kind)), _) => kind,
        (None, 408) => "timeout_error",
        (None, 503) => "overloaded_error",
        (None, 400..=499) => "invalid_request_error",
        _ => "api_error",
    }
}

/// The status of an error type; `None` for types that are not Anthropic's.
pub fn status(kind: &str) -> Option<u16> {
    KINDS.iter().find(|(_, known)| *known == kind).map(|(status, _)| *status)
}

#[derive(Serialize)]
struct Outer<'a> {
    r#type: &'static str,
    error: Inner<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Inner<'a> {
    r#type: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causeway: Option<Extra<'a>>,
}

#[derive(Serialize)]
struct Extra<'a> {
    code: &'a str,
    #[serde(flatten)]
    facts: &'a Map<String, Value>,
}

/// The response body for a failure.
pub fn body(failure: &Failure<'_>) -> Bytes {
    let extra = Extra { code: failure.code, facts: failure.facts };
    let causeway = (!failure.code.is_empty()).then_some(extra);
    let error = Inner { r#type: kind(failure.status), message: failure.message, causeway };
    let outer = Outer { r#type: "error", error, request_id: failure.request_id };
    // Strings and maps of JSON values always serialize.
    serde_json::to_vec(&outer).unwrap_or_default().into()
}

/// The same inside a stream that has begun.
pub fn event(failure: &Failure<'_>) -> Bytes {
    sse::encode("error", &body(failure))
}

/// An event that says nothing: it resets the idle clock of Anthropic's clients, which comments do not.
pub const fn ping() -> Bytes {
    Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n")
}

/// Type and message of an upstream's error body, also in the looser shapes of compatible servers
/// (`{"error":"text"}`, an `error` without a type). `None` for anything else, such as an HTML page.
pub fn read(body: &[u8]) -> Option<UpstreamError> {
    let fields = scan::lenient(body, &["error"]).ok()?;
    read_inner(fields.get("error")?.raw())
}

/// The value of `error` alone.
pub(super) fn read_inner(error: &str) -> Option<UpstreamError> {
    if error.starts_with('"') {
        let message: String = serde_json::from_str(error).ok()?;
        return Some(UpstreamError::new("", &message));
    }
    let fields = scan::lenient(error.as_bytes(), &["type", "message"]).ok()?;
    let text = |name| fields.get(name).and_then(|value| value.str());
    Some(UpstreamError::new(text("type").unwrap_or_default(), &text("message").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Map<String, Value> {
        let facts = serde_json::json!({"limit_usd": "5.00", "resets_at": "2026-11-30T00:00:00Z"});
        facts.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_failure_is_written_in_anthropics_shape() {
        let facts = facts();
        let failure = Failure {
            status: 429,
            code: "budget_exceeded",
            message: "The key's daily budget of $5.00 is used up.",
            request_id: "req_1",
            facts: &facts,
        };
        let text = String::from_utf8(body(&failure).to_vec()).unwrap();
        insta::assert_snapshot!(format!("{text}\n{}", String::from_utf8(event(&failure).to_vec()).unwrap()));
        let read = read(text.as_bytes()).unwrap();
        assert_eq!((read.kind.as_str(), read.message.as_str()), ("rate_limit_error", failure.message));
    }

    #[test]
    fn a_failure_without_a_code_says_nothing_extra() {
        let failure =
            Failure { status: 500, code: "", message: "\"x\"\n", request_id: "r", facts: &Map::new() };
        let wanted = r#"{"type":"error","error":{"type":"api_error","message":"\"x\"\n"},"request_id":"r"}"#;
        assert_eq!(body(&failure), wanted);
    }

    #[test]
    fn types_and_statuses_belong_together_both_ways() {
        for (code, name) in KINDS {
            assert_eq!((kind(code), status(name)), (name, Some(code)));
        }
        assert_eq!(kind(422), "invalid_request_error");
        assert_eq!(kind(408), "timeout_error");
        assert_eq!(kind(502), "api_error");
        assert_eq!(kind(503), "overloaded_error");
        assert_eq!(status("server_error"), None);
    }

    #[test]
    fn loose_shapes_are_read_and_pages_are_not() {
        let text =
            |body: &str| read(body.as_bytes()).map(|error| format!("{}|{}", error.kind, error.message));
        assert_eq!(text(r#"{"error":"no"}"#).as_deref(), Some("|no"));
        assert_eq!(text(r#"{"error":{"message":"é","code":7}}"#).as_deref(), Some("|é"));
        assert_eq!(text(r#"{"error":{"type":"x"}}"#).as_deref(), Some("x|"));
        assert_eq!(text(r#"{"error":null}"#), None);
        assert_eq!(text("<html>"), None);
        assert_eq!(text(r#"{"detail":"no"}"#), None);
        let long = format!(r#"{{"error":"{}"}}"#, "é".repeat(5000));
        assert_eq!(read(long.as_bytes()).unwrap().message.len(), 2048);
    }
}
