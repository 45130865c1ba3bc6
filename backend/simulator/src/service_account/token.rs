//! `POST /google/token`: an assertion (RFC 7523) signed with a service account's key, for an access token. Every claim
//! is looked at, with the platform's words for what is wrong. Rules name the path and the tag `jwt-bearer`.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::{
    Extension,
    body::Body,
    extract::{Form, FromRequest, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::ServiceAccounts;
use crate::{
    Shared,
    bearer::{Holder, Realm},
    endpoint::{Answer, Errand},
    issuer::random,
    listen::Connection,
    script::Subject,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    grant_type: String,
    assertion: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    #[serde(default)]
    scope: String,
    iat: i64,
    exp: i64,
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The longest that an assertion may be good for, and how far clocks may be apart.
const LONGEST: i64 = 3600;
const SKEW: i64 = 300;

pub(super) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let version = request.version();
    let sent = Form::<Sent>::from_request(request, &()).await.map(|Form(sent)| sent);
    let known = sent.as_ref().ok().and_then(|sent| part::<Claims>(&sent.assertion, 1));
    let about = Subject {
        key: None,
        subject: known.as_ref().map(|claims| claims.iss.as_str()),
        model: None,
        tag: Some("jwt-bearer"),
        path: "/google/token",
    };
    let errand = Errand::new(&shared, connection, version, &about);
    let work = |scripted: Option<Answer>| {
        scripted.unwrap_or_else(|| match sent {
            Ok(sent) => answer(&shared.service_accounts, &sent).unwrap_or_else(|refused| refused),
            Err(_) => Answer::refused(400, "invalid_request", "Bad Request"),
        })
    };
    errand.run(work).await
}

fn answer(accounts: &ServiceAccounts, sent: &Sent) -> Result<Answer, Answer> {
    if sent.grant_type != GRANT {
        return Err(Answer::refused(400, "unsupported_grant_type", "Invalid grant_type"));
    }
    let claims = verified(accounts, &sent.assertion)?;
    if !claims.scope.split(' ').any(|scope| scope == SCOPE) {
        let why = "Invalid OAuth scope or ID token audience provided.";
        return Err(Answer::refused(400, "invalid_scope", why));
    }
    let mut state = accounts.lock();
    let seconds = state.seconds;
    if let Some(known) = state.accounts.iter_mut().find(|known| known.email == claims.iss) {
        known.tokens += 1;
    }
    let token = format!("ya29.sim-{}", random());
    let holder = Holder::new(Realm::Cloud, &claims.iss, None, Duration::from_secs(seconds));
    accounts.bearers.issue(&token, holder);
    Ok(Answer::good(json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"})))
}

/// The claims, once everything about them is right.
fn verified(accounts: &ServiceAccounts, assertion: &str) -> Result<Claims, Answer> {
    let invalid = |why: &str| Answer::refused(400, "invalid_grant", why);
    let header = part::<Header>(assertion, 0).filter(|header| header.alg == "RS256");
    let claims = part::<Claims>(assertion, 1);
    let (Some(header), Some(claims)) = (header, claims) else {
        return Err(invalid("Invalid JWT: Failed to parse the assertion."));
    };
    let state = accounts.lock();
    let known = state.accounts.iter().find(|known| known.email == claims.iss);
    let Some(known) = known else { return Err(invalid("Invalid grant: account not found")) };
    let (input, signature) = assertion.rsplit_once('.').unwrap_or_default();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &known.public_key);
    let named = header.kid.is_none_or(|kid| kid == known.key_id);
    if !named || key.verify(input.as_bytes(), &signature).is_err() {
        return Err(invalid("Invalid JWT Signature."));
    }
    if claims.aud != accounts.url {
        return Err(invalid("Invalid JWT: Failed audience check. The right audience is the token URI."));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()) as i64;
    let lives = claims.exp > now && claims.iat <= now + SKEW && claims.iat < claims.exp;
    if !lives || claims.exp - claims.iat > LONGEST {
        return Err(invalid(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
             Check your iat and exp values in the JWT claim.",
        ));
    }
    Ok(claims)
}

fn part<T: DeserializeOwned>(assertion: &str, which: usize) -> Option<T> {
    let part = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(which)?).ok()?;
    serde_json::from_slice(&part).ok()
}
