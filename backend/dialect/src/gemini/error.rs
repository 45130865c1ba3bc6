//! Errors in Gemini's shape: ours written, the upstream's read.
//!
//! Ours carry our stable code and the figures that go with it as an `ErrorInfo` among the details, whose figures are
//! texts, and the time to wait as a `RetryInfo`, which Gemini's own client heeds.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::{Failure, UpstreamError};
use crate::{scan, sse};

/// Google's status names with the HTTP statuses they stand for, both ways; the first of a status is the one written.
const KINDS: [(u16, &str); 13] = [
    (400, "INVALID_ARGUMENT"),
    (400, "FAILED_PRECONDITION"),
    (400, "OUT_OF_RANGE"),
    (401, "UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (409, "ABORTED"),
    (429, "RESOURCE_EXHAUSTED"),
    (499, "CANCELLED"),
    (500, "INTERNAL"),
    (501, "UNIMPLEMENTED"),
    (503, "UNAVAILABLE"),
    (504, "DEADLINE_EXCEEDED"),
];

/// The status name for an HTTP status.
pub fn kind(status: u16) -> &'static str {
    let known = KINDS.iter().find(|(known, _)| *known == status);
    match (known, status) {
        (Some((_, kind)), _) => kind,
        (None, 402) => "FAILED_PRECONDITION",
        (None, 502 | 529) => "UNAVAILABLE",
        (None, 400..=499) => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// The HTTP status of an error's kind, which is Google's name or the number; `None` for anything else.
pub fn status(kind: &str) -> Option<u16> {
    let known = KINDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(kind));
    known.map(|(status, _)| *status).or_else(|| kind.parse().ok().filter(|code| (400..600).contains(code)))
}

/// The status with which a failure is given: Gemini's clients know no 529.
pub const fn status_given(status: u16) -> u16 {
    if status == 529 { 503 } else { status }
}

/// The response body for a failure.
pub fn body(failure: &Failure<'_>) -> Bytes {
    let error = json!({
        "code": status_given(failure.status),
        "message": failure.message,
        "status": kind(failure.status),
        "details": details(failure),
    });
    json!({"error": error}).to_string().into()
}

/// The same inside a stream of events that has begun.
pub fn event(failure: &Failure<'_>) -> Bytes {
    sse::encode("", &body(failure))
}

/// The same inside an array that has begun: one element more, and no bracket behind it, so that nobody takes the
/// answer for whole.
pub fn element(failure: &Failure<'_>) -> Bytes {
    let mut bytes = vec![b','];
    bytes.extend_from_slice(&body(failure));
    bytes.into()
}

/// A comment between events.
pub const fn keep_alive() -> Bytes {
    Bytes::from_static(b": keep-alive\n\n")
}

/// White space between elements.
pub const fn blank() -> Bytes {
    Bytes::from_static(b"\n")
}

fn details(failure: &Failure<'_>) -> Vec<Value> {
    if failure.code.is_empty() {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let facts = failure.facts.iter().map(|(name, value)| (name.clone(), Value::from(text(value))));
    let mut metadata: Map<String, Value> = facts.collect();
    metadata.insert("request_id".to_owned(), failure.request_id.into());
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": failure.code.to_uppercase(),
        "domain": "causeway",
        "metadata": metadata,
    })];
    if let Some(seconds) = failure.facts.get("resets_in_seconds").and_then(Value::as_u64) {
        let delay = format!("{seconds}s");
        details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
    }
    details
}

/// Kind and message of an upstream's error body, also as the one element of an array, which is how a stream without
/// `alt=sse` fails. `None` for anything else, such as an HTML page.
pub fn read(body: &[u8]) -> Option<UpstreamError> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let object = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text).trim();
    let fields = scan::lenient(object.as_bytes(), &["error"]).ok()?;
    read_inner(fields.get("error")?.raw())
}

/// The value of `error` alone.
pub(crate) fn read_inner(error: &str) -> Option<UpstreamError> {
    if error.starts_with('"') {
        let message: String = serde_json::from_str(error).ok()?;
        return Some(UpstreamError::new("", &message));
    }
    let fields = scan::lenient(error.as_bytes(), &["status", "code", "message"]).ok()?;
    let text = |name| fields.get(name).and_then(|value| value.str());
    let code = || fields.get("code").map(|code| code.raw().into());
    let kind = text("status").or_else(code).unwrap_or_default();
    Some(UpstreamError::new(kind, &text("message").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::failure;

    #[test]
    fn a_failure_is_written_in_geminis_shape() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let all = |status| {
            failure(status, |failure| {
                format!("{}\n{}{}", text(body(failure)), text(event(failure)), text(element(failure)))
            })
        };
        insta::assert_snapshot!([429, 529].map(all).join("\n"));
    }

    #[test]
    fn kinds_and_statuses_belong_together_both_ways() {
        for status_code in [400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504] {
            assert_eq!(status(kind(status_code)), Some(status_code));
        }
        assert_eq!(
            (kind(402), kind(413), kind(529)),
            ("FAILED_PRECONDITION", "INVALID_ARGUMENT", "UNAVAILABLE")
        );
        assert_eq!((status("resource_exhausted"), status("429"), status("x")), (Some(429), Some(429), None));
    }

    #[test]
    fn errors_are_read_alone_and_as_an_element() {
        let text =
            |body: &str| read(body.as_bytes()).map(|error| format!("{}|{}", error.kind, error.message));
        let usual = r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#;
        assert_eq!(text(usual).as_deref(), Some("UNAVAILABLE|The model is overloaded."));
        assert_eq!(text(&format!("[{usual}\n]\n")), text(usual));
        assert_eq!(text(r#"{"error":{"code":429}}"#).as_deref(), Some("429|"));
        assert_eq!(text(r#"{"error":"no"}"#).as_deref(), Some("|no"));
        for other in ["[]", "<html>", r#"{"candidates":[]}"#, r#"{"error":null}"#, ""] {
            assert_eq!(text(other), None, "{other}");
        }
    }
}
