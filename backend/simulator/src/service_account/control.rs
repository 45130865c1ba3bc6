//! Service accounts under `/_sim/service-accounts`, for tests and demos that run the simulator as a program.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::Shared;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    project: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    email: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    email: String,
    project: String,
    tokens: u64,
}

/// `{"project": "demo"}`; answers with the key file.
pub(super) async fn make(State(shared): State<Arc<Shared>>, Json(wanted): Json<Wanted>) -> Response {
    match shared.service_accounts.make(&wanted.project) {
        Ok(account) => ([(header::CONTENT_TYPE, "application/json")], account.json()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

pub(super) async fn show(State(shared): State<Arc<Shared>>) -> Json<Vec<Shown>> {
    let state = shared.service_accounts.lock();
    let shown = state.accounts.iter().map(|known| Shown {
        email: known.email.clone(),
        project: known.project.clone(),
        tokens: known.tokens,
    });
    Json(shown.collect())
}

pub(super) async fn delete(State(shared): State<Arc<Shared>>, Query(named): Query<Named>) -> StatusCode {
    shared.service_accounts.delete(&named.email);
    StatusCode::NO_CONTENT
}

pub(super) async fn expire(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.service_accounts.expire_access();
    StatusCode::NO_CONTENT
}
