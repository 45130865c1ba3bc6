//! `/`: a browser goes to the web admin, anything else learns what there is.

use axum::{
    Json,
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

/// Answers `GET /` and `HEAD /`. Clients probe with HEAD whether the address is alive, so that is never a redirect.
pub(crate) async fn index(method: Method, headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if method == Method::GET && accepts.contains("text/html") {
        return ([(header::VARY, "accept")], Redirect::temporary("/web/")).into_response();
    }
    let body = json!({
        "name": "Causeway",
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "anthropic_messages": "/api/v1/messages",
            "models": "/api/v1/models",
            "key_holder": "/v1/me",
            "web_admin": "/web/",
            "admin_api": "/admin/v1",
            "documentation": "/docs",
            "openapi": "/openapi.json",
            "health": "/health",
            "ready": "/ready",
        },
    });
    ([(header::VARY, "accept")], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, StatusCode};

    async fn ask(method: Method, accept: &'static str) -> Response {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        index(method, headers).await
    }

    #[tokio::test]
    async fn browser_is_sent_to_the_web_admin() {
        let answer = ask(Method::GET, "text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.headers()[header::LOCATION], "/web/");
    }

    #[tokio::test]
    async fn program_gets_the_index_and_a_probe_succeeds() {
        assert_eq!(ask(Method::GET, "*/*").await.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(ask(Method::HEAD, "text/html").await.status(), StatusCode::OK);
    }
}
