//! The simulator's own routes under `/_sim`: read and clear the ledger, queue rules, open raw addresses. They are for tests and scripts on
//! the same machine, so they ask for no key, and they leave no entry.

use std::sync::{Arc, PoisonError};

use axum::{
    Json, Router,
    extract::{Query, State},
    response::IntoResponse,
    routing::{get, post},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    Shared,
    ledger::{Entry, Outcome, Tokens},
    raw::{RawFault, RawFront},
    script::Rule,
};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/_sim/health", get(async || "ok\n"))
        .route("/_sim/ca.pem", get(ca))
        .route("/_sim/ledger", get(read).delete(clear))
        .route("/_sim/raw", post(raw))
        .route("/_sim/script", post(queue).get(rules).delete(forget))
        .with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
struct Wanted {
    tag: Option<String>,
    request_id: Option<String>,
    key: Option<String>,
    outcome: Option<Outcome>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Page {
    /// Entries in the whole ledger.
    total: usize,
    /// Of which not ended.
    open: usize,
    /// Figures of the entries shown.
    sent: Tokens,
    billed: Tokens,
    entries: Vec<Entry>,
}

async fn read(State(shared): State<Arc<Shared>>, Query(wanted): Query<Wanted>) -> Json<Page> {
    let ledger = &shared.ledger;
    let same = |want: &Option<String>, is: Option<&str>| want.as_deref().is_none_or(|want| is == Some(want));
    let entries = ledger.find(wanted.limit.unwrap_or(1000), |entry| {
        same(&wanted.tag, entry.tag.as_deref())
            && same(&wanted.request_id, Some(&entry.request_id))
            && same(&wanted.key, entry.key.as_deref())
            && wanted.outcome.is_none_or(|outcome| outcome == entry.outcome)
    });
    Json(Page {
        total: ledger.len(),
        open: ledger.open(),
        sent: entries.iter().map(|entry| entry.sent).sum(),
        billed: entries.iter().map(|entry| entry.billed).sum(),
        entries,
    })
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.ledger.clear();
    StatusCode::NO_CONTENT
}

async fn queue(State(shared): State<Arc<Shared>>, Json(rule): Json<Rule>) -> StatusCode {
    shared.scripts.push(rule);
    StatusCode::NO_CONTENT
}

async fn rules(State(shared): State<Arc<Shared>>) -> Json<Vec<Rule>> {
    Json(shared.scripts.list())
}

async fn forget(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.scripts.clear();
    StatusCode::NO_CONTENT
}

/// `"not_http"` or `{"half_close": {"after": 3}}`; answers with the address to use as a base URL.
async fn raw(State(shared): State<Arc<Shared>>, Json(fault): Json<RawFault>) -> impl IntoResponse {
    match RawFront::start(fault, Arc::clone(&shared)) {
        Ok(front) => {
            let url = front.url();
            shared.fronts.lock().unwrap_or_else(PoisonError::into_inner).push(front);
            Ok(Json(serde_json::json!({ "url": url })))
        }
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))),
    }
}

async fn ca(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    match shared.ca_pem.clone() {
        Some(pem) => Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem)),
        None => Err((StatusCode::NOT_FOUND, "started without a TLS front\n")),
    }
}
