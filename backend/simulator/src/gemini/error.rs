//! Errors in Google's shape. A kind in capitals is Google's (`error=RESOURCE_EXHAUSTED`), Anthropic's are told in Google's
//! words; by default the status decides.

use serde_json::{Value, json};

use crate::{
    check::Wrong,
    reply,
    script::{Refusal, ScriptError},
};

pub(super) fn problem(status: u16, message: &str) -> Refusal {
    Refusal { status, message: Some(message.to_owned()), ..Refusal::default() }
}

pub(super) fn misread(wrong: &ScriptError) -> Refusal {
    problem(400, &wrong.to_string())
}

pub(super) fn no_such_model(model: &str) -> Refusal {
    let message = format!(
        "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call \
         ListModels to see the list of available models and their supported methods."
    );
    problem(404, &message)
}

pub(super) fn no_such_method(id: &str) -> Refusal {
    problem(404, &format!("models/{id} was not found, or has no such method."))
}

pub(super) fn unregistered() -> Refusal {
    let message = "Method doesn't allow unregistered callers (callers without established identity). Please use API \
                   Key or other form of API consumer identity to call this API.";
    problem(403, message)
}

pub(super) fn unauthenticated() -> Refusal {
    let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                   other valid authentication credential.";
    problem(401, message)
}

pub(super) fn no_such_key() -> Refusal {
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
        "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"},
    });
    detailed("API key not valid. Please pass a valid API key.", &info)
}

fn detailed(message: &str, detail: &Value) -> Refusal {
    let error = json!({"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": [detail]});
    Refusal { status: 400, body: Some(format!("{:#}\n", json!({"error": error}))), ..Refusal::default() }
}

/// A request that is not as the schema wants it.
pub(super) fn wrong(wrong: &Wrong) -> Refusal {
    let (field, message) = match wrong {
        Wrong::Unknown { at, name } => {
            let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
            (at, format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."))
        }
        Wrong::Missing { at } => (at, format!("* GenerateContentRequest.{at}: {at} is not specified\n")),
        Wrong::Type { at, want, got } => {
            (at, format!("Invalid value at '{at}': expected {want}, but got {got}."))
        }
        Wrong::Value { at, got, .. } => (at, format!("Invalid value at '{at}' (TYPE_ENUM), \"{got}\"")),
        Wrong::Bound { at, message } | Wrong::Rule { at, message } => (at, message.clone()),
    };
    let violation = json!({"field": field, "description": message});
    let detail =
        json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]});
    detailed(&message, &detail)
}

pub(super) fn render(refusal: &Refusal, _request_id: &str) -> (&'static str, String) {
    if let Some(verbatim) = reply::verbatim(refusal) {
        return verbatim;
    }
    let mut error = error(refusal.status, refusal.kind.as_deref(), refusal.message.as_deref());
    error["code"] = refusal.status.into();
    if let Some(seconds) = refusal.retry_after {
        error["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s"),
        }]);
    }
    ("application/json; charset=UTF-8", format!("{:#}\n", json!({"error": error})))
}

/// The error object that goes with a scripted kind or, without one, with a status.
pub(super) fn error(status: u16, kind: Option<&str>, message: Option<&str>) -> Value {
    let code = kind.and_then(meant).unwrap_or(status);
    let (mut name, text) = usual(code);
    if let Some(kind) = kind.filter(|kind| !kind.bytes().any(|byte| byte.is_ascii_lowercase())) {
        name = kind;
    }
    json!({"code": code, "message": message.unwrap_or(text), "status": name})
}

/// The status that a kind stands for.
fn meant(kind: &str) -> Option<u16> {
    Some(match kind {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "invalid_request_error" => 400,
        "UNAUTHENTICATED" | "authentication_error" => 401,
        "PERMISSION_DENIED" | "permission_error" => 403,
        "NOT_FOUND" | "not_found_error" => 404,
        "RESOURCE_EXHAUSTED" | "rate_limit_error" => 429,
        "INTERNAL" | "api_error" => 500,
        "UNAVAILABLE" | "overloaded_error" => 503,
        "DEADLINE_EXCEEDED" | "timeout_error" => 504,
        _ => return None,
    })
}

fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        402 | 403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "Requested entity was not found."),
        409 => ("ABORTED", "The operation was aborted."),
        429 => (
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        503 | 529 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        500.. => ("INTERNAL", "An internal error has occurred. Please retry or report in Troubleshooting."),
        _ => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    }
}
