//! `GET /v1/models` in OpenAI's shape, and one model.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, Request};
use serde_json::{Value, json};

use super::{MANNER, admit, misread, no_such_model, refuse};
use crate::{Shared, fault, listen::Connection, receive::Call, reply::plain_as, script::Refusal};

/// Whether who asks for `/v1/models` wants it in this shape: Anthropic's callers name the version of their API or send
/// the key in a header of its own.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    let theirs = ["anthropic-version", "anthropic-beta", "x-api-key"];
    headers.contains_key("authorization") && !theirs.iter().any(|name| headers.contains_key(*name))
        || headers.contains_key("api-key")
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let all = |shared: &Shared| {
        let models: Vec<_> = shared.config.gpt_models.iter().map(|id| describe(id)).collect();
        Ok(json!({"object": "list", "data": models}))
    };
    answer(&shared, connection, request, all).await
}

pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let one = |shared: &Shared| match shared.config.gpt_models.contains(&id) {
        true => Ok(describe(&id)),
        false => Err(no_such_model(&id)),
    };
    answer(&shared, connection, request, one).await
}

async fn answer(
    shared: &Shared,
    connection: Arc<Connection>,
    request: Request<Body>,
    body: impl FnOnce(&Shared) -> Result<Value, Refusal>,
) -> Response {
    let Ok(mut call) = Call::receive(shared, connection, request).await else { return fault::gone() };
    if let Err(refusal) = admit(shared, &call) {
        return refuse(call, &refusal);
    }
    match call.script(shared, None, None) {
        Ok(script) => plain_as(call, &script, |_| body(shared).map(|body| body.to_string()), MANNER).await,
        Err(wrong) => refuse(call, &misread(&wrong)),
    }
}

fn describe(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_786_000_000, "owned_by": "system"})
}
