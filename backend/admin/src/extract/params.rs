//! The query of an address.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::error::Error;

/// Query parameters, all of them known and without control characters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if value.chars().any(char::is_control) {
                let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(ApiError::Malformed(format!(
                    "query: {name} must not contain control characters"
                )));
            }
        }
        Query::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|rejection| {
            let text = rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string);
            ApiError::Malformed(format!("query: {text}"))
        })
    }
}
