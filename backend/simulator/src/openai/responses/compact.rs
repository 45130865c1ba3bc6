//! `POST /v1/responses/compact`: a conversation made smaller. What was said by the user stays, and everything else is in
//! one item that only the provider can read.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;
use serde_json::{Value, json};

use super::{
    super::{MANNER, refuse},
    answer::{SEAL, usage},
    plan,
};
use crate::{
    Shared, fault,
    listen::Connection,
    receive::Call,
    reply::{self, Plan, preliminaries},
};

pub(in crate::openai) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    let planned = plan(&shared, &mut call);
    let (plan, _) = match planned {
        Ok(plan) => plan,
        Err(refusal) => return refuse(call, &refusal),
    };
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let call = match preliminaries(call, &plan, MANNER).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    let Plan { script, answer, .. } = plan;
    let mut output: Vec<Value> = asked["input"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["role"] == "user")
        .cloned()
        .collect();
    output.push(json!({
        "id": answer.message_id.replacen("resp", "cmp", 1), "type": "compaction",
        "encrypted_content": format!("{SEAL}{:016x}_compact==", answer.flavour),
    }));
    let body = json!({
        "id": answer.message_id, "object": "response.compaction", "created_at": chrono::Utc::now().timestamp(),
        "output": output, "usage": usage(answer.tokens, answer.reasoning),
    });
    reply::whole(call, &script, &answer, body.to_string(), MANNER)
}
