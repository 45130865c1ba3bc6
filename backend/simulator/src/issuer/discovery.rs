//! What the issuer publishes: its addresses, its keys, and who an access token is for.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{Issuer, IssuerFault};

/// `/.well-known/openid-configuration`
pub(super) async fn document(State(issuer): State<Arc<Issuer>>) -> Response {
    let fault = issuer.lock().fault;
    if fault == Some(IssuerFault::Outage) {
        return out();
    }
    let url = issuer.url();
    let called = if fault == Some(IssuerFault::OtherDiscovery) { "https://evil.example" } else { url };
    Json(json!({
        "issuer": called,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile", "groups"],
        "claims_supported": ["sub", "email", "email_verified", "name", "groups"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

/// The published keys.
pub(super) async fn keys(State(issuer): State<Arc<Issuer>>) -> Response {
    let state = issuer.lock();
    match state.fault {
        Some(IssuerFault::Outage) => out(),
        _ => Json(json!({"keys": [state.keys.jwk()]})).into_response(),
    }
}

/// Who the bearer is.
pub(super) async fn userinfo(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Response {
    let state = issuer.lock();
    if state.fault == Some(IssuerFault::Outage) {
        return out();
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let sub = token.and_then(|token| state.access.get(token));
    let Some(person) = sub.and_then(|sub| state.people.iter().find(|person| person.sub == *sub)) else {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")])
            .into_response();
    };
    let mut claims = person.claims();
    let other = state.fault == Some(IssuerFault::OtherUserinfo);
    claims.insert("sub".into(), json!(if other { "somebody-else" } else { &person.sub }));
    Json(Value::Object(claims)).into_response()
}

/// Nobody is at home.
pub(super) fn out() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error\n").into_response()
}
