//! Two shapes of error, as at the platform: its own for who may do what and how often, the provider's for what the model
//! says. An error type in capitals is the platform's (`error=RESOURCE_EXHAUSTED`); by default the status decides.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::{
    anthropic,
    ledger::Slot,
    reply::{JSON, Manner},
    script::Refusal,
};

pub(super) const MANNER: Manner = Manner { render, describe, json: JSON };

pub(super) fn unauthenticated() -> Refusal {
    platform(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
         valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    )
}

pub(super) fn denied() -> Refusal {
    platform(403, "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist).")
}

pub(super) fn not_found(location: &str, model: &str) -> Refusal {
    let what = format!("Publisher Model `{model}` was not found in {location}, or has no such method.");
    platform(404, &what)
}

fn platform(status: u16, message: &str) -> Refusal {
    let kind = usual(status).map(|(kind, _)| kind.to_owned());
    Refusal { status, kind, message: Some(message.to_owned()), ..Refusal::default() }
}

fn render(refusal: &Refusal, request_id: &str) -> (&'static str, String) {
    let usual = usual(refusal.status);
    let capitals = |kind: &str| !kind.bytes().any(|byte| byte.is_ascii_lowercase());
    let (kind, message) = match (refusal.kind.as_deref(), usual) {
        (Some(kind), usual) if capitals(kind) => (kind, usual.map_or("", |(_, message)| message)),
        (None, Some((kind, message))) => (kind, message),
        _ => return anthropic::render(refusal, request_id),
    };
    if refusal.body.is_some() || refusal.html {
        return anthropic::render(refusal, request_id);
    }
    let message = refusal.message.as_deref().unwrap_or(message);
    let body = json!({"error": {"code": refusal.status, "message": message, "status": kind}});
    ("application/json; charset=UTF-8", format!("{body:#}\n"))
}

/// Those of the platform; what it does not say itself, the model says.
fn usual(status: u16) -> Option<(&'static str, &'static str)> {
    Some(match status {
        401 => ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        403 => ("PERMISSION_DENIED", "Permission denied."),
        404 => ("NOT_FOUND", "Not found."),
        429 => (
            "RESOURCE_EXHAUSTED",
            "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base \
             model: anthropic-claude. Please submit a quota increase request.",
        ),
        500 => ("INTERNAL", "Internal error encountered."),
        503 => ("UNAVAILABLE", "The service is currently unavailable."),
        504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        _ => return None,
    })
}

/// No rate limits here: the platform tells none.
fn describe(slot: &Slot, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(slot.request_id()) {
        headers.insert("request-id", id);
    }
    headers.insert("x-vertex-ai-internal-prediction-backend", HeaderValue::from_static("harpoon"));
}
