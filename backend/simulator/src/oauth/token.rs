//! The token endpoint: a code, a device's code or a refresh token for an access token.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::Request;
use serde_json::{Value, json};

use super::{
    AccountIssuer, Exchange, OAuthAccount, State as Inner, TokenBody,
    body::{self, Fields},
    device, flow,
    refresh::{self, UnderWay},
};
use crate::{
    Shared,
    endpoint::{Answer, Errand},
    listen::Connection,
    script::Subject,
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let version = request.version();
    let (fields, kind) = body::read(request).await;
    let known = fields.clone().unwrap_or_default();
    // Held over every delay, which is what a second refresh would fall into.
    let under_way = UnderWay::begin(&shared, &known);
    let account = under_way.as_ref().map(UnderWay::account);
    let about = Subject {
        key: Some(&known.client_id),
        subject: account.as_deref(),
        model: None,
        tag: known.grant_type.rsplit(':').next(),
        path: "/oauth/token",
    };
    let errand = Errand::new(&shared, connection, version, &about);
    errand
        .run(|scripted| {
            let (grant, answer) = match scripted {
                Some(answer) => (None, answer),
                None => fields.map_or_else(|no| (None, no), |fields| answer(&shared.oauth, &fields, kind)),
            };
            shared.oauth.lock().log(Exchange {
                at: Utc::now(),
                grant_type: known.grant_type.clone(),
                client_id: known.client_id.clone(),
                json: kind == TokenBody::Json,
                grant,
                status: answer.status,
                error: answer.error().map(str::to_owned),
            });
            answer
        })
        .await
}

/// The signing key, as published.
pub(super) async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    Json(json!({"keys": [shared.oauth.keys.jwk()]})).into_response()
}

/// The grant it was about, and the answer.
fn answer(issuer: &AccountIssuer, fields: &Fields, kind: TokenBody) -> (Option<String>, Answer) {
    let mut state = issuer.lock();
    if let Err(refused) = fields.admitted(&state.terms, kind) {
        return (None, refused);
    }
    let bearers = &issuer.bearers;
    let granted = match fields.grant_type.as_str() {
        "authorization_code" => flow::exchange(&mut state, bearers, fields),
        "refresh_token" => refresh::refresh(&mut state, bearers, fields),
        DEVICE => device::exchange(&mut state, fields),
        _ => Err(Answer::refused(400, "unsupported_grant_type", "There is no such grant here.")),
    };
    match granted {
        Ok(at) => (Some(state.grants[at].report.id.clone()), tokens(issuer, &mut state, at)),
        Err(refused) => {
            let about = state.refreshes.get(&fields.refresh_token);
            (about.map(|known| state.grants[known.grant].report.id.clone()), refused)
        }
    }
}

fn tokens(issuer: &AccountIssuer, state: &mut Inner, at: usize) -> Answer {
    let tokens = state.tokens(&issuer.bearers, at);
    let report = &state.grants[at].report;
    let mut body = json!({
        "token_type": "Bearer",
        "access_token": tokens.access,
        "scope": report.scope,
    });
    if let Some(refresh) = tokens.refresh {
        body["refresh_token"] = json!(refresh);
    }
    if state.terms.tells_life {
        body["expires_in"] = json!(tokens.seconds);
    }
    let account = state.account(&report.account).cloned();
    let account = account.unwrap_or_else(|| OAuthAccount::new(&report.account, ""));
    if state.terms.tells_account {
        body["account"] = json!({"uuid": account.id, "email_address": account.email});
        body["organization"] = json!({"uuid": account.organisation, "name": account.organisation});
    }
    if report.scope.split(' ').any(|scope| scope == "openid") {
        let claims = claims(issuer, &account, &report.client_id, tokens.seconds);
        match issuer.keys.sign(issuer.keys.kid(), &claims) {
            Ok(token) => body["id_token"] = json!(token),
            Err(error) => return Answer::refused(500, "server_error", &error.to_string()),
        }
    }
    Answer::good(body)
}

/// Who the account is, plainly and in the way that Codex reads it.
fn claims(issuer: &AccountIssuer, account: &OAuthAccount, client_id: &str, seconds: u64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    json!({
        "iss": issuer.url(),
        "aud": client_id,
        "sub": account.id,
        "email": account.email,
        "iat": now,
        "exp": now + seconds,
        "https://api.openai.com/auth": {
            "chatgpt_account_id": account.id,
            "chatgpt_plan_type": account.plan,
            "organizations": [{"id": account.organisation, "is_default": true}],
        },
    })
}
