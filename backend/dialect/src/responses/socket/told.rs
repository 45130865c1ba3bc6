//! What only a connection is told: the error of a turn, and the answer to a request that asks for none yet.

use crate::scan::Members;
use serde_json::{Map, Value, json};

/// The event that tells of a turn that was refused or failed: the status and the body that the same request would have
/// been answered with over HTTP, and those of its headers that clients heed.
pub fn failed(status: u16, body: &[u8], headers: &[(&str, &str)]) -> String {
    let text = std::str::from_utf8(body).ok();
    let members = text.and_then(Members::read);
    let error = match members.as_ref().and_then(|body| body.get("error")) {
        Some(error) if error.raw().starts_with('{') => error.raw().to_owned(),
        _ => {
            let message: String = String::from_utf8_lossy(body).chars().take(1000).collect();
            json!({"type": "server_error", "code": null, "message": message, "param": null}).to_string()
        }
    };
    let headers: Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    format!(r#"{{"type":"error","status":{status},"error":{error},"headers":{}}}"#, Value::Object(headers))
}

/// The events that answer a request with `generate: false`: an empty response that can be gone on from. `created` in
/// seconds since the epoch.
pub fn warmed_up(id: &str, created: u64) -> [String; 2] {
    let event = |kind: &str, number: u64, status: &str, usage: Value| {
        json!({
            "type": kind,
            "sequence_number": number,
            "response": {"id": id, "object": "response", "created_at": created, "status": status, "error": null,
                         "output": [], "usage": usage},
        })
        .to_string()
    };
    let none = json!({
        "input_tokens": 0, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    });
    [
        event("response.created", 0, "in_progress", Value::Null),
        event("response.completed", 1, "completed", none),
    ]
}
