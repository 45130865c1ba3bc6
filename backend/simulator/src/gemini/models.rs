//! `GET /v1beta/models` in Google's shape, and one model.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{Request, Uri};
use serde_json::{Value, json};

use super::{MANNER, admit, error, query, refuse};
use crate::{Shared, fault, listen::Connection, receive::Call, reply::plain_as, script::Refusal};

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let all = |shared: &Shared, uri: &Uri| select(&shared.config.gemini_models, uri);
    answer(&shared, connection, request, all).await
}

pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let one = |shared: &Shared, _: &Uri| match shared.config.gemini_models.contains(&id) {
        true => Ok(describe(&id)),
        false => Err(error::no_such_model(&id)),
    };
    answer(&shared, connection, request, one).await
}

async fn answer(
    shared: &Shared,
    connection: Arc<Connection>,
    request: Request<Body>,
    body: impl FnOnce(&Shared, &Uri) -> Result<Value, Refusal>,
) -> Response {
    let Ok(mut call) = Call::receive(shared, connection, request).await else { return fault::gone() };
    if let Err(refusal) = admit(shared, &call) {
        return refuse(call, &refusal);
    }
    match call.script(shared, None, None) {
        Ok(script) => {
            let told = |call: &mut Call| body(shared, &call.uri).map(|body| format!("{body:#}\n"));
            plain_as(call, &script, told, MANNER).await
        }
        Err(wrong) => refuse(call, &error::misread(&wrong)),
    }
}

/// A page; its token is the number of the first model on the next.
fn select(models: &[String], uri: &Uri) -> Result<Value, Refusal> {
    let number = |name: &str| match query(uri, name) {
        Some(text) => text
            .parse::<usize>()
            .map(Some)
            .map_err(|_| error::problem(400, &format!("Invalid value at '{name}' (TYPE_INT32), \"{text}\""))),
        None => Ok(None),
    };
    let size = number("pageSize")?.filter(|size| *size > 0).unwrap_or(50).min(1000);
    let from = number("pageToken")?.unwrap_or(0).min(models.len());
    let to = models.len().min(from + size);
    let page: Vec<_> = models[from..to].iter().map(|id| describe(id)).collect();
    let mut body = json!({"models": page});
    if to < models.len() {
        body["nextPageToken"] = to.to_string().into();
    }
    Ok(body)
}

fn describe(id: &str) -> Value {
    json!({
        "name": format!("models/{id}"), "version": "001", "displayName": id, "description": "A model.",
        "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens", "createCachedContent"],
        "temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2, "thinking": true,
    })
}
