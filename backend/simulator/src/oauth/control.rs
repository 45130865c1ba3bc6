//! The issuer's switches under `/_sim/oauth`, for tests that run it as a program.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DeviceReport, DeviceState, Exchange, GrantReport, OAuthAccount, OAuthTerms, OAuthTokens};
use crate::Shared;

/// What can be switched; what is absent stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    /// Empty: the page is shown again.
    consent_as: Option<String>,
    /// Only the terms that change.
    terms: Map<String, Value>,
    /// This grant is withdrawn.
    kill: Option<String>,
    /// The time of all access tokens is over.
    expire_access: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    url: String,
    terms: OAuthTerms,
    accounts: Vec<OAuthAccount>,
    grants: Vec<GrantReport>,
    devices: Vec<DeviceReport>,
    exchanges: Vec<Exchange>,
}

pub(super) async fn show(State(shared): State<Arc<Shared>>) -> Json<Shown> {
    let oauth = &shared.oauth;
    let accounts = oauth.lock().accounts.clone();
    Json(Shown {
        url: oauth.url().to_owned(),
        terms: oauth.terms(),
        accounts,
        grants: oauth.grants(),
        devices: oauth.devices(),
        exchanges: oauth.exchanges(),
    })
}

pub(super) async fn change(State(shared): State<Arc<Shared>>, Json(change): Json<Change>) -> Response {
    let oauth = &shared.oauth;
    match altered(&oauth.terms(), change.terms) {
        Ok(terms) => oauth.change(|now| *now = terms),
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
    if let Some(account) = change.consent_as {
        oauth.consent_as(Some(account.as_str()).filter(|account| !account.is_empty()));
    }
    if let Some(grant) = change.kill {
        oauth.kill(&grant);
    }
    if change.expire_access {
        oauth.expire_access();
    }
    StatusCode::NO_CONTENT.into_response()
}

fn altered(terms: &OAuthTerms, changes: Map<String, Value>) -> serde_json::Result<OAuthTerms> {
    let mut terms = serde_json::to_value(terms)?;
    if let Value::Object(terms) = &mut terms {
        terms.extend(changes);
    }
    serde_json::from_value(terms)
}

pub(super) async fn add(State(shared): State<Arc<Shared>>, Json(account): Json<OAuthAccount>) -> StatusCode {
    shared.oauth.add(account);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    account: String,
    client_id: String,
}

pub(super) async fn issue(
    State(shared): State<Arc<Shared>>,
    Json(wanted): Json<Wanted>,
) -> Json<OAuthTokens> {
    Json(shared.oauth.issue(&wanted.account, &wanted.client_id))
}

#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    user_code: String,
    /// Who agrees; none is nobody.
    account: Option<String>,
}

pub(super) async fn decide(State(shared): State<Arc<Shared>>, Json(decision): Json<Decision>) -> StatusCode {
    let state = decision.account.map_or(DeviceState::Denied, DeviceState::Approved);
    let known = shared.oauth.lock().decide(&decision.user_code, state);
    if known { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
