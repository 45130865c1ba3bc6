//! The issuer's switches under `/_sim/issuer`, for tests that run it as a program.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{CLIENT_SECRET, Issuer, IssuerFault, Person, Signing};

/// What can be switched; what is absent is switched off, except the key, which stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    consent_as: Option<String>,
    fault: Option<IssuerFault>,
    rotate: Option<Signing>,
}

/// What a client needs to know.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    url: String,
    client_secret: &'static str,
    people: Vec<Person>,
}

pub(super) async fn change(State(issuer): State<Arc<Issuer>>, Json(change): Json<Change>) -> Response {
    issuer.consent_as(change.consent_as.as_deref());
    issuer.fault(change.fault);
    match change.rotate.map_or(Ok(()), |signing| issuer.rotate(signing)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

pub(super) async fn add(State(issuer): State<Arc<Issuer>>, Json(person): Json<Person>) -> StatusCode {
    issuer.add(person);
    StatusCode::NO_CONTENT
}

pub(super) async fn show(State(issuer): State<Arc<Issuer>>) -> Json<Shown> {
    let people = issuer.lock().people.clone();
    Json(Shown { url: issuer.url().to_owned(), client_secret: CLIENT_SECRET, people })
}
