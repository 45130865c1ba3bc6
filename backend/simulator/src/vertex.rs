//! Vertex AI: the same models behind the cloud platform's addresses, tokens and errors. The model is in the address, the
//! version in the body; whoever sends them elsewhere is refused.

mod error;
mod models;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use http::Request;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::error::{MANNER, denied, unauthenticated};
use crate::{
    Shared,
    anthropic::{self, Addressed, problem},
    bearer::Realm,
    fault,
    listen::Connection,
    receive::Call,
    reply::{Plan, refuse_as},
    script::Refusal,
};

/// The routes, all of them below `/v1` as at the platform.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{call}",
            post(predict),
        )
        .route("/v1beta1/publishers/anthropic/models", get(models::list))
        .with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
struct Place {
    project: String,
    location: String,
    /// `claude-opus-5:streamRawPredict`
    call: String,
}

/// What this platform puts into the body, and what it does not want there.
#[derive(Deserialize)]
struct Extra<'a> {
    #[serde(borrow, default)]
    anthropic_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(default)]
    stream: Option<bool>,
}

async fn predict(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(place): Path<Place>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    if let Err(refusal) = admit(&shared, &call, Some(&place.project)) {
        return refuse_as(call, &refusal, MANNER);
    }
    if place.call == "count-tokens:rawPredict" {
        return models::count(&shared, call).await;
    }
    match plan(&shared, &mut call, &place) {
        Ok(plan) => anthropic::respond(call, plan, MANNER).await,
        Err(refusal) => refuse_as(call, &refusal, MANNER),
    }
}

/// A service account's token, good now, for its own project.
pub(crate) fn admit(shared: &Shared, call: &Call, project: Option<&str>) -> Result<(), Refusal> {
    let holder = call.holder.as_ref().filter(|holder| holder.opens(Realm::Cloud));
    let Some(holder) = holder else { return Err(unauthenticated()) };
    let own = shared.service_accounts.project(&holder.subject);
    if project.is_some_and(|project| own.as_deref().is_some_and(|own| own != project)) {
        return Err(denied());
    }
    if call.body.len() > anthropic::LARGEST {
        return Err(problem(413, "request_too_large", "Request exceeds the maximum size"));
    }
    Ok(())
}

fn plan(shared: &Shared, call: &mut Call, place: &Place) -> Result<Plan, Refusal> {
    let (model, action) = place.call.rsplit_once(':').unwrap_or((&place.call, ""));
    let streams = match action {
        "rawPredict" => false,
        "streamRawPredict" => true,
        _ => return Err(error::not_found(&place.location, model)),
    };
    let body = call.body.clone();
    let wrong = |message: &str| Err(problem(400, "invalid_request_error", message));
    let extra: Extra<'_> = match serde_json::from_slice(&body) {
        Ok(extra) => extra,
        Err(error) => return wrong(&format!("The request body is not valid JSON: {error}")),
    };
    match extra.anthropic_version.map(RawValue::get) {
        Some(r#""vertex-2023-10-16""#) => {}
        Some(_) => return wrong("anthropic_version: Input should be 'vertex-2023-10-16'"),
        None => return wrong("anthropic_version: Field required"),
    }
    if extra.model.is_some() {
        return wrong("model: Extra inputs are not permitted");
    }
    let asked = extra.stream.unwrap_or(false);
    if asked && !streams {
        return wrong("stream: rawPredict does not stream, streamRawPredict does");
    }
    let plain = model.replace('@', "-");
    anthropic::draw_up(shared, call, Some(&Addressed { model, plain: &plain, stream: asked }))
}
