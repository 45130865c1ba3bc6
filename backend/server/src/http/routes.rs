//! The router of everything that is not a call to the relay.

use super::{docs, health::Ready, index, security, spa};
use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use causeway_openapi::{Problem, ProblemCode};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
};
use utoipa::openapi::OpenApi;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Joins the admin API with what the server itself answers. `https` is whether the public address is.
pub(crate) fn router(admin: Router, document: &OpenApi, ready: Ready, https: bool) -> anyhow::Result<Router> {
    let own = Router::new()
        .route("/", get(index::index))
        .route("/ping", get(|| async { "pong" }))
        .route("/health", get(|| async { axum::Json(serde_json::json!({"status": "ok"})) }))
        .route("/ready", get(move || async move { ready.answer().await }))
        .route("/web", get(|| async { Redirect::permanent("/web/") }))
        .route("/web/", get(spa::page))
        .route("/web/{*path}", get(spa::file))
        .merge(docs::router(document)?);
    let headers = security::layers();
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(REQUEST_ID, TimeOrdered))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(headers.0)
        .layer(headers.1)
        .layer(headers.2)
        .layer(headers.3)
        .layer(headers.4)
        .option_layer(security::strict_transport(https))
        .layer(CatchPanicLayer::custom(panicked));
    Ok(own.merge(admin).fallback(missing).layer(layers))
}

/// The same kind of id as everywhere else in Causeway. One that a caller brings was dropped by the dispatch: ours is
/// in the log.
#[derive(Clone, Copy)]
struct TimeOrdered;

impl MakeRequestId for TimeOrdered {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&Uuid::now_v7().to_string()).ok().map(RequestId::new)
    }
}

async fn missing(request: Request) -> Response {
    let detail = "There is nothing at this address. GET / lists what there is.";
    problem(&request, StatusCode::NOT_FOUND, "Not found", detail, ProblemCode::NotFound)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    // The panic hook has logged it; the caller learns nothing of the inside.
    let detail = "Something went wrong; the log of the server says more.";
    problem(
        &Request::default(),
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal error",
        detail,
        ProblemCode::Internal,
    )
}

/// As the admin API answers, for whoever asks in vain.
fn problem(request: &Request, status: StatusCode, title: &str, detail: &str, code: ProblemCode) -> Response {
    let request_id = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        code,
        request_id: request_id.to_owned(),
        errors: Vec::new(),
        retry_after: None,
    };
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        serde_json::to_string(&problem).unwrap_or_default(),
    )
        .into_response()
}
