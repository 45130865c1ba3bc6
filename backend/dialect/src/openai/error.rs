//! Errors in OpenAI's shape, which both of its dialects have in a body: ours written, the upstream's read.
//!
//! Ours carry one member more, `error.causeway`, with our stable code and the figures that go with it; clients show
//! `error.message` and ignore what they do not know. `error.code` is our code too, except where official clients
//! decide by it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Failure, UpstreamError};
use crate::scan;

/// Types and codes of OpenAI's errors, and of those who follow it, with the statuses they stand for.
const STATUSES: [(&str, u16); 29] = [
    ("context_length_exceeded", 400),
    ("invalid_api_key", 401),
    ("invalid_authentication", 401),
    ("authentication_error", 401),
    ("insufficient_quota", 429),
    ("billing_hard_limit_reached", 429),
    ("usage_limit_reached", 429),
    ("usage_not_included", 403),
    ("unsupported_country_region_territory", 403),
    ("permission_error", 403),
    ("permission_denied", 403),
    ("model_not_found", 404),
    ("not_found_error", 404),
    ("previous_response_not_found", 404),
    ("request_too_large", 413),
    ("rate_limit_exceeded", 429),
    ("rate_limit_error", 429),
    ("requests", 429),
    ("tokens", 429),
    ("server_is_overloaded", 503),
    ("slow_down", 503),
    ("overloaded_error", 503),
    ("service_unavailable", 503),
    ("timeout", 504),
    ("server_error", 500),
    ("api_error", 500),
    ("internal_error", 500),
    ("content_filter", 400),
    ("invalid_request_error", 400),
];

/// The error type for a status.
pub fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

/// The status of an error's `kind` as [`read`] gives it: its type and its code, of which the more particular counts;
/// a code may be the status itself. `None` for what is not OpenAI's.
pub fn status(kind: &str) -> Option<u16> {
    let of = |word: &str| {
        let known = STATUSES.iter().position(|(name, _)| *name == word);
        known.map(|at| (at, STATUSES[at].1))
    };
    let number = kind.split(' ').filter_map(|word| word.parse().ok()).find(|code| (400..600).contains(code));
    // The list goes from the particular to the general.
    kind.split(' ').filter_map(of).min().map(|(_, status)| status).or(number)
}

#[derive(Serialize)]
struct Outer<'a> {
    error: Inner<'a>,
}

/// The `error` of a body.
#[derive(Serialize)]
pub(crate) struct Inner<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causeway: Option<Extra<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Extra<'a> {
    code: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    facts: &'a Map<String, Value>,
}

/// The figures of ours that go with an error.
pub(crate) fn extra<'a>(failure: &Failure<'a>) -> Option<Extra<'a>> {
    let extra = Extra { code: failure.code, request_id: failure.request_id, facts: failure.facts };
    (!failure.code.is_empty()).then_some(extra)
}

/// The response body for a failure; `code` where clients decide by it.
pub(crate) fn body_with<'a>(failure: &Failure<'a>, code: Option<&'a str>) -> Bytes {
    let own = (!failure.code.is_empty()).then_some(failure.code);
    let error = Inner {
        message: failure.message,
        r#type: kind(failure.status),
        param: failure.facts.get("field").and_then(Value::as_str),
        code: code.or(own),
        causeway: extra(failure),
    };
    // Strings and maps of JSON values always serialize.
    serde_json::to_vec(&Outer { error }).unwrap_or_default().into()
}

/// Type and message of an upstream's error body, also in the looser shapes of compatible servers
/// (`{"error":"text"}`, `{"object":"error","message":"text"}`). `None` for anything else, such as an HTML page.
pub fn read(body: &[u8]) -> Option<UpstreamError> {
    let fields = scan::lenient(body, &["error", "object"]).ok()?;
    match fields.get("error") {
        Some(error) => read_inner(error.raw()),
        None => {
            let is_error = fields.get("object")?.str()? == "error";
            is_error.then(|| read_inner(std::str::from_utf8(body).ok()?))?
        }
    }
}

/// The value of `error` alone. Its kind is the type and the code, where both are told.
pub(crate) fn read_inner(error: &str) -> Option<UpstreamError> {
    if error.starts_with('"') {
        let message: String = serde_json::from_str(error).ok()?;
        return Some(UpstreamError::new("", &message));
    }
    let fields = scan::lenient(error.as_bytes(), &["type", "code", "message"]).ok()?;
    let text = |name| fields.get(name).and_then(|value| value.str()).unwrap_or_default();
    let (kind, mut code) = (text("type"), text("code"));
    if let Some(number) = fields.get("code").filter(|code| code.u64().is_some()) {
        code = number.raw().into();
    }
    let words = [&*kind, &*code];
    let words = if kind == code { &words[..1] } else { &words[..] };
    let kind = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    Some(UpstreamError::new(kind, &text("message")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_code_decide_together_and_the_particular_one_wins() {
        for (kind, wanted) in [
            ("invalid_request_error", Some(400)),
            ("invalid_request_error invalid_api_key", Some(401)),
            ("invalid_request_error model_not_found", Some(404)),
            ("tokens rate_limit_exceeded", Some(429)),
            ("server_is_overloaded", Some(503)),
            ("service_unavailable_error server_is_overloaded", Some(503)),
            ("502", Some(502)),
            ("odd 7", None),
            ("", None),
        ] {
            assert_eq!(status(kind), wanted, "{kind}");
        }
    }

    #[test]
    fn loose_shapes_are_read_and_pages_are_not() {
        let text =
            |body: &str| read(body.as_bytes()).map(|error| format!("{}|{}", error.kind, error.message));
        let usual =
            r#"{"error":{"message":"é","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
        assert_eq!(text(usual).as_deref(), Some("requests rate_limit_exceeded|é"));
        let same = r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        assert_eq!(text(same).as_deref(), Some("insufficient_quota|m"));
        assert_eq!(text(r#"{"error":{"message":"m","code":429}}"#).as_deref(), Some("429|m"));
        assert_eq!(text(r#"{"error":"no"}"#).as_deref(), Some("|no"));
        let flat = r#"{"object":"error","message":"m","type":"NotFoundError","code":404}"#;
        assert_eq!(text(flat).as_deref(), Some("NotFoundError 404|m"));
        for other in [r#"{"error":null}"#, "<html>", r#"{"object":"chat.completion"}"#, "{}"] {
            assert_eq!(text(other), None, "{other}");
        }
    }
}
