//! The outermost layer: gives every call an id, writes problem documents, and logs failures once.

use crate::error::{ApiError, Failure};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::{error::Error, sync::Arc};
use uuid::Uuid;

/// Carries the id of the call, inwards and back to the caller.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The layer. The server in front drops an id that a caller brings, so one that is here already is the server's.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let id = match request.headers().get(&REQUEST_ID) {
        Some(id) => id.clone(),
        None => HeaderValue::from_str(&Uuid::now_v7().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
    };
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let call = format!("{} {}", request.method(), request.uri().path());
    let mut response = next.run(request).await;
    let failure = match response.extensions_mut().remove::<Failure>() {
        Some(Failure(error)) => Some(error),
        // The only answer of the router's own that is an error.
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            Some(Arc::new(ApiError::MethodNotAllowed))
        }
        None => None,
    };
    if let Some(error) = failure {
        let id = id.to_str().unwrap_or_default();
        log(&error, &call, id);
        let headers = std::mem::take(response.headers_mut());
        response = document(&error, id);
        if let Some(allow) = headers.get(header::ALLOW) {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
    }
    response.headers_mut().insert(REQUEST_ID, id);
    // Everything here is somebody's, and changes.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn document(error: &ApiError, id: &str) -> Response {
    let body = serde_json::to_vec(&error.problem(id)).unwrap_or_default();
    let mut response =
        (error.status(), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn log(error: &ApiError, call: &str, request_id: &str) {
    match error {
        ApiError::Failed { outage, source } => {
            let cause = chain(source.as_ref());
            tracing::error!(request_id, call, outage, error = %cause, "admin call failed");
        }
        other => tracing::debug!(request_id, call, reason = ?other.reason(), "admin call refused"),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
