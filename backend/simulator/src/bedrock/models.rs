//! What else is asked for: which models there are, and how many tokens a request has.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;
use serde_json::{Value, json};

use super::{
    admit,
    error::{self, MANNER, refusal},
};
use crate::{Shared, fault, listen::Connection, receive::Call, reply::plain_as};

/// `GET /foundation-models`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let models = shared.config.models.iter().map(|id| {
        let full = format!("anthropic.{id}-v1:0");
        json!({
            "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{full}"),
            "modelId": full,
            "modelName": id,
            "providerName": "Anthropic",
            "inputModalities": ["TEXT", "IMAGE"],
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": true,
            "inferenceTypesSupported": ["INFERENCE_PROFILE"],
            "modelLifecycle": {"status": "ACTIVE"},
        })
    });
    let body = json!({"modelSummaries": models.collect::<Vec<_>>()});
    answer(&shared, connection, request, |_| body).await
}

/// `GET /inference-profiles`
pub(super) async fn profiles(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let profiles = shared.config.models.iter().map(|id| {
        let full = format!("us.anthropic.{id}-v1:0");
        json!({"inferenceProfileId": full, "inferenceProfileName": id, "status": "ACTIVE", "type": "SYSTEM_DEFINED"})
    });
    let body = json!({"inferenceProfileSummaries": profiles.collect::<Vec<_>>()});
    answer(&shared, connection, request, |_| body).await
}

/// `POST /model/{id}/count-tokens`
pub(super) async fn count(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let count = |call: &mut Call| {
        let drawn = 1 + call.draw.below((call.body.len() as u64 * 3 / 4).max(1));
        json!({"inputTokens": drawn})
    };
    answer(&shared, connection, request, count).await
}

async fn answer(
    shared: &Shared,
    connection: Arc<Connection>,
    request: Request<Body>,
    body: impl FnOnce(&mut Call) -> Value,
) -> Response {
    let Ok(mut call) = Call::receive(shared, connection, request).await else { return fault::gone() };
    if let Err(refused) = admit(shared, &call) {
        return error::refuse(call, &refused);
    }
    match call.script(shared, None, None) {
        Err(wrong) => error::refuse(call, &refusal(400, "ValidationException", &wrong.to_string())),
        Ok(script) => match &script.refuse {
            Some(refused) => {
                fault::silence(&script).await;
                error::refuse(call, refused)
            }
            None => plain_as(call, &script, |call| Ok(body(call).to_string()), MANNER).await,
        },
    }
}
