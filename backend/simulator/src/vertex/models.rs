//! What else is asked for: which models there are, and how many tokens a request has.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;
use serde_json::json;

use super::{MANNER, admit};
use crate::{
    Shared,
    anthropic::problem,
    fault,
    listen::Connection,
    receive::Call,
    reply::{plain_as, refuse_as},
};

/// `GET /v1beta1/publishers/anthropic/models`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    if let Err(refusal) = admit(&shared, &call, None) {
        return refuse_as(call, &refusal, MANNER);
    }
    let models = shared.config.models.iter().map(|id| {
        let name = format!("publishers/anthropic/models/{}", named(id));
        json!({"name": name, "versionId": "default", "openSourceCategory": "PROPRIETARY", "launchStage": "GA"})
    });
    let body = json!({"publisherModels": models.collect::<Vec<_>>()}).to_string();
    match call.script(&shared, None, None) {
        Ok(script) => plain_as(call, &script, |_| Ok(body), MANNER).await,
        Err(wrong) => refuse_as(call, &problem(400, "invalid_request_error", wrong.to_string()), MANNER),
    }
}

/// `…/models/count-tokens:rawPredict`: the one call with the model in its body.
pub(super) async fn count(shared: &Shared, mut call: Call) -> Response {
    match call.script(shared, None, None) {
        Ok(script) => {
            let count = |call: &mut Call| {
                let drawn = 1 + call.draw.below((call.body.len() as u64 * 3 / 4).max(1));
                Ok(json!({"input_tokens": script.tokens.input.unwrap_or(drawn)}).to_string())
            };
            plain_as(call, &script, count, MANNER).await
        }
        Err(wrong) => refuse_as(call, &problem(400, "invalid_request_error", wrong.to_string()), MANNER),
    }
}

/// The platform puts the date behind an at sign: `claude-haiku-4-5@20251001`.
fn named(id: &str) -> String {
    match id.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{name}@{date}")
        }
        _ => id.to_owned(),
    }
}
