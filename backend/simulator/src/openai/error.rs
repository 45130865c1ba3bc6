//! Errors in OpenAI's shape, as a body and inside a stream. Error types of scripts may be Anthropic's
//! (`overloaded_error`), which are told in OpenAI's words, or codes of OpenAI's (`context_length_exceeded`).

use serde_json::{Value, json};

use crate::{check::Wrong, reply, script::Refusal};

/// A refusal with its code and the field that it is about.
pub(super) fn problem(status: u16, code: Option<&str>, param: Option<&str>, message: &str) -> Refusal {
    let kind = usual(status).0;
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    Refusal { status, body: Some(format!("{body:#}")), ..Refusal::default() }
}

/// A request that is not as the schema wants it.
pub(super) fn wrong(wrong: &Wrong) -> Refusal {
    let (code, at, message) = match wrong {
        Wrong::Unknown { at, name } if at.is_empty() => {
            ("unknown_parameter", name.clone(), format!("Unknown parameter: '{name}'."))
        }
        Wrong::Unknown { at, name } => {
            ("unknown_parameter", format!("{at}.{name}"), format!("Unknown parameter: '{at}.{name}'."))
        }
        Wrong::Missing { at } => {
            ("missing_required_parameter", at.clone(), format!("Missing required parameter: '{at}'."))
        }
        Wrong::Type { at, want, got } => (
            "invalid_type",
            at.clone(),
            format!("Invalid type for '{at}': expected {want}, but got {got} instead."),
        ),
        Wrong::Value { at, got, allowed } => {
            let allowed: Vec<_> = allowed.iter().map(|one| format!("'{one}'")).collect();
            let allowed = match &allowed[..] {
                [one] => one.clone(),
                [one, other] => format!("{one} and {other}"),
                [some @ .., last] => format!("{}, and {last}", some.join(", ")),
                [] => String::new(),
            };
            let message = format!("Invalid value: '{got}'. Supported values are: {allowed}.");
            ("invalid_value", at.clone(), message)
        }
        Wrong::Bound { at, message } => ("invalid_value", at.clone(), message.clone()),
        Wrong::Rule { at, message } => {
            let param = Some(at.as_str()).filter(|at| !at.is_empty());
            return problem(400, None, param, message);
        }
    };
    problem(400, Some(code), Some(&at), &message)
}

pub(super) fn render(refusal: &Refusal, _request_id: &str) -> (&'static str, String) {
    if let Some(verbatim) = reply::verbatim(refusal) {
        return verbatim;
    }
    let error = error(refusal.status, refusal.kind.as_deref(), refusal.message.as_deref());
    (reply::JSON, format!("{:#}", json!({"error": error})))
}

/// The error object that goes with a scripted kind or, without one, with a status.
pub(super) fn error(status: u16, kind: Option<&str>, message: Option<&str>) -> Value {
    let (mut class, mut code, mut text) = usual(kind.and_then(meant).unwrap_or(status));
    match kind {
        None => {}
        Some("insufficient_quota" | "billing_error") => {
            (class, code) = ("insufficient_quota", Some("insufficient_quota"));
            text = "You exceeded your current quota, please check your plan and billing details.";
        }
        Some("context_length_exceeded") => {
            (class, code) = ("invalid_request_error", kind);
            text = "Your input exceeds the context window of this model. Please adjust your input and try again.";
        }
        Some(kind) if meant(kind).is_some() || kind.ends_with("_error") => {}
        Some(_) => code = kind,
    }
    json!({"message": message.unwrap_or(text), "type": class, "param": null, "code": code})
}

/// The status that a kind stands for.
fn meant(kind: &str) -> Option<u16> {
    Some(match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" => 429,
        "api_error" | "server_error" => 500,
        "overloaded_error" | "server_is_overloaded" => 503,
        "timeout_error" => 504,
        _ => return None,
    })
}

/// The type, the code and the message that the provider has for a status.
fn usual(status: u16) -> (&'static str, Option<&'static str>, &'static str) {
    const REQUEST: &str = "invalid_request_error";
    match status {
        401 => (REQUEST, Some("invalid_api_key"), "Incorrect API key provided."),
        402 => ("insufficient_quota", Some("insufficient_quota"), "Your credit balance is too low."),
        403 => (REQUEST, Some("model_not_found"), "The project does not have access to this model."),
        404 => {
            (REQUEST, Some("model_not_found"), "The model does not exist or you do not have access to it.")
        }
        413 => (REQUEST, None, "Request body too large"),
        429 => (
            "requests",
            Some("rate_limit_exceeded"),
            "Rate limit reached for requests. Please try again in 1s.",
        ),
        503 | 529 => (
            "service_unavailable_error",
            Some("server_is_overloaded"),
            "Our servers are currently overloaded. Please try again later.",
        ),
        500.. => (
            "server_error",
            Some("server_error"),
            "The server had an error while processing your request. Sorry about that!",
        ),
        _ => (REQUEST, None, "The request was not understood."),
    }
}
