//! The token endpoint: a code, used once, for an access token and an ID token.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    CLIENT_SECRET, Issuer, IssuerFault, Person, State as Inner,
    authorize::Grant,
    discovery, keys,
    keys::{Keys, Signing},
    random,
};

/// How long a code is good for.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// What a client sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    client_id: String,
    client_secret: String,
}

/// One arm for each grant.
pub(super) async fn exchange(
    State(issuer): State<Arc<Issuer>>,
    headers: HeaderMap,
    Form(request): Form<Request>,
) -> Response {
    let mut state = issuer.lock();
    if state.fault == Some(IssuerFault::Outage) {
        return discovery::out();
    }
    let Some(client) = client(&headers, &request) else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed.");
    };
    match request.grant_type.as_str() {
        "authorization_code" => code(&issuer, &mut state, &client, &request),
        _ => refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "There is no such grant here."),
    }
}

/// The client, by header or by form.
fn client(headers: &HeaderMap, request: &Request) -> Option<String> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let (id, secret) = match &basic {
        Some(pair) => pair.split_once(':')?,
        None => (request.client_id.as_str(), request.client_secret.as_str()),
    };
    (!id.is_empty() && secret == CLIENT_SECRET).then(|| id.to_owned())
}

fn code(issuer: &Issuer, state: &mut Inner, client: &str, request: &Request) -> Response {
    // Taken before it is looked at: a code that was tried with anything wrong is gone.
    let grant = state.codes.insert(request.code.clone(), None).flatten();
    let fits = |grant: &Grant| {
        grant.client_id == client
            && grant.redirect_uri == request.redirect_uri
            && grant.at.elapsed() < CODE_LIFE
            && keys::encode(&Sha256::digest(request.code_verifier.as_bytes())) == grant.challenge
    };
    let refused = state.fault == Some(IssuerFault::CodeRefused);
    let Some(grant) = grant.filter(|grant| fits(grant) && !refused) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant", "The code is wrong, used, or not yours.");
    };
    let Some(person) = state.people.iter().find(|person| person.sub == grant.sub).cloned() else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant", "The person is gone.");
    };
    let access = random();
    state.access.insert(access.clone(), person.sub.clone());
    match id_token(issuer, state, &grant, &person, &access) {
        Ok(id_token) => Json(json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        }))
        .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn id_token(
    issuer: &Issuer,
    state: &Inner,
    grant: &Grant,
    person: &Person,
    access: &str,
) -> std::io::Result<String> {
    let fault = state.fault;
    let is = |wrong: IssuerFault| fault == Some(wrong);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let issued = match fault {
        Some(IssuerFault::Expired) => now - 3600,
        Some(IssuerFault::FromTheFuture) => now + 3600,
        _ => now,
    };
    let mut claims = if person.thin { serde_json::Map::new() } else { person.claims() };
    let hashed = if is(IssuerFault::OtherAccessToken) { "another" } else { access };
    claims.insert("at_hash".into(), json!(keys::encode(&Sha256::digest(hashed.as_bytes())[..16])));
    claims.insert(
        "iss".into(),
        json!(if is(IssuerFault::OtherIssuer) { "https://evil.example" } else { issuer.url() }),
    );
    claims.insert("sub".into(), json!(person.sub));
    claims.insert("iat".into(), json!(issued));
    claims.insert("exp".into(), json!(issued + 300));
    let audience = match fault {
        Some(IssuerFault::OtherAudience) => json!("somebody-else"),
        Some(IssuerFault::OtherParty) => json!([grant.client_id, "somebody-else"]),
        _ => json!(grant.client_id),
    };
    claims.insert("aud".into(), audience);
    if is(IssuerFault::OtherParty) {
        claims.insert("azp".into(), json!("somebody-else"));
    }
    if !is(IssuerFault::NoNonce) && !grant.nonce.is_empty() {
        let nonce = if is(IssuerFault::OtherNonce) { "another" } else { &grant.nonce };
        claims.insert("nonce".into(), json!(nonce));
    }
    let claims = Value::Object(claims);
    let kid = state.keys.kid();
    match fault {
        Some(IssuerFault::Unsigned) => Ok(keys::unsigned(&claims)),
        Some(IssuerFault::SignedWithSecret) => Ok(keys::with_secret(kid, CLIENT_SECRET, &claims)),
        Some(IssuerFault::UnknownKey) => state.keys.sign("retired", &claims),
        // By a key that nobody has, under the name of the one that is published.
        Some(IssuerFault::BadSignature) => Keys::new(Signing::Es256)?.sign(kid, &claims),
        _ => state.keys.sign(kid, &claims),
    }
}

/// As RFC 6749 has it.
fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}
