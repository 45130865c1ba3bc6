//! The API's document and Swagger UI to read it with, both from inside the binary.

use super::{relay_docs, security::DOCS_POLICY};
use anyhow::{Context, Result};
use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;
use std::sync::Arc;
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_swagger_ui::Config;

/// The whole document.
pub(crate) fn document() -> OpenApi {
    with_relay(causeway_admin::openapi())
}

/// The admin API's document, with the relay's and the server's own routes in front.
pub(crate) fn with_relay(admin: OpenApi) -> OpenApi {
    let mut document = relay_docs::RelayDocs::openapi().merge_from(admin);
    // Taken from the package by default, which names none.
    document.info.license = None;
    document
}

/// As it is committed and served: sorted by nothing but the code, indented, with a newline at the end.
pub(crate) fn to_json(document: &OpenApi) -> Result<String> {
    Ok(serde_json::to_string_pretty(document).context("writing the OpenAPI document")? + "\n")
}

/// `/openapi.json` and `/docs`.
pub(crate) fn router(document: &OpenApi) -> Result<Router> {
    let json = Bytes::from(to_json(document)?);
    let config =
        Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(false).use_base_layout();
    let config = Arc::new(config);
    let (page, file) = (Arc::clone(&config), config);
    Ok(Router::new()
        .route(
            "/openapi.json",
            get(move || {
                let json = json.clone();
                async move { ([(header::CONTENT_TYPE, "application/json")], json) }
            }),
        )
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(move || async move { swagger("", page) }))
        .route("/docs/{*path}", get(move |Path(path): Path<String>| async move { swagger(&path, file) })))
}

fn swagger(path: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CONTENT_SECURITY_POLICY, DOCS_POLICY.to_owned()),
            ];
            let mut answer = (headers, file.bytes.into_owned()).into_response();
            if file.gzpipped {
                answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            answer
        }
        Ok(None) => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
        Err(error) => {
            tracing::error!("Swagger UI: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
