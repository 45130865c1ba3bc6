//! The page where a person types in what a device shows.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Query, State},
    response::{Html, IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{DeviceState, page};
use crate::Shared;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    user_code: String,
    account: String,
    decision: String,
}

/// The page; with a code in its address, and somebody who consents without being asked, that is all.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, Query(typed): Query<Typed>) -> Response {
    let (auto, accounts) = {
        let state = shared.oauth.lock();
        (state.auto.clone(), state.accounts.clone())
    };
    match auto {
        Some(account) if !typed.user_code.is_empty() => {
            let typed = Typed { account, decision: "allow".to_owned(), ..typed };
            decided(&shared, &typed)
        }
        _ => Html(page::activate(&typed.user_code, &accounts, "")).into_response(),
    }
}

/// Takes the person's answer.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, Form(typed): Form<Typed>) -> Response {
    decided(&shared, &typed)
}

fn decided(shared: &Shared, typed: &Typed) -> Response {
    let mut state = shared.oauth.lock();
    let account = state.account(&typed.account).map(|account| account.id.clone());
    let (decision, said) = match (typed.decision.as_str(), account) {
        ("allow", Some(account)) => (DeviceState::Approved(account), "The device is connected."),
        ("allow", None) => {
            let page = page::activate(&typed.user_code, &state.accounts, "There is no such account.");
            return (StatusCode::NOT_FOUND, Html(page)).into_response();
        }
        _ => (DeviceState::Denied, "The device was not connected."),
    };
    if state.decide(&typed.user_code, decision) {
        return Html(page::done(said)).into_response();
    }
    let page = page::activate(&typed.user_code, &state.accounts, "No device is waiting with this code.");
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}
