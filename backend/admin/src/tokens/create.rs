//! Making an API token.

use super::{audited, shown};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{Caller, Person},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::secret::{TOKEN_SHOWN_CHARS, token_from_random};
use causeway_openapi::{
    CreateToken, IssuedToken, Scope,
    tokens::{MOST_DAYS, MOST_TOKENS},
};
use causeway_store::api_tokens::{self, NewToken};
use chrono::{DateTime, Duration, Utc};
use http::StatusCode;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Make an API token
///
/// Makes a token with which a program uses this API in the caller's name and organisation: for what its scopes name, as far
/// as the caller's role allows at the moment of each call. The answer has the token itself, which is stored only as a hash
/// and can never be shown again. It ends at its date, when it is revoked, and with the caller's membership. Not for API
/// tokens.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", operation_id = "createToken",
    request_body(content = CreateToken, example = json!({
        "name": "Nightly report", "scopes": ["usage:read", "billing:read"], "expires_at": "2027-06-30T22:00:00Z"
    })),
    responses(
        (status = 201, description = "The token with its secret", body = IssuedToken),
        docs::Input, docs::Guarded, docs::TooManyTokens, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Body(input): Body<CreateToken>,
) -> Result<(StatusCode, Json<IssuedToken>), ApiError> {
    caller.demand_membership()?;
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    check_scopes(&mut check, &caller, &input.scopes);
    let now = Utc::now();
    let good = input.expires_at > now && input.expires_at <= now + Duration::days(MOST_DAYS);
    check.require(good, "expires_at", "must be in the future, and at most 366 days ahead");
    check.done()?;
    let scopes: BTreeSet<_> = input.scopes.into_iter().collect();
    let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect();
    let mut tx = caller.begin(&state).await?;
    let live = api_tokens::count_live(&mut tx, caller.user.id).await?;
    if usize::try_from(live).is_ok_and(|live| live >= MOST_TOKENS) {
        return Err(too_many());
    }
    let secret = draw();
    let new = NewToken {
        id: Uuid::now_v7(),
        owner: caller.user.id,
        name: &name,
        hash: Sha256::digest(secret.as_bytes()).into(),
        prefix: secret.get(..TOKEN_SHOWN_CHARS).unwrap_or_default(),
        scopes: &scopes,
        expires_at: to_the_microsecond(input.expires_at),
    };
    api_tokens::insert(&mut tx, &new).await?;
    let made = api_tokens::get(&mut tx, new.id, None).await?;
    caller.record(&mut tx, "token.create", ("token", Some(new.id)), None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(IssuedToken { token: shown(made), secret: secret.into() })))
}

/// Refuses scopes with which the caller could do nothing.
fn check_scopes(check: &mut Check, caller: &Caller, scopes: &[Scope]) {
    check.require(!scopes.is_empty(), "scopes", "must have at least one scope");
    for (i, scope) in scopes.iter().enumerate() {
        let message = format!("is of no use to a {}, whose role allows nothing that it is for", caller.role);
        check.require(scope.is_of_use_to(caller.role), &format!("scopes[{i}]"), &message);
    }
}

pub(crate) fn too_many() -> ApiError {
    ApiError::Conflict(format!("you have {MOST_TOKENS} API tokens that work; revoke one that is not needed"))
}

/// As exact as the database, so that what is answered is what is stored.
fn to_the_microsecond(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// Draws a token, as keys are drawn.
fn draw() -> String {
    loop {
        if let Some(token) = token_from_random(&rand::random::<[u8; 96]>()) {
            return token;
        }
    }
}
