//! Signing in by e-mail address and password.

use crate::{
    auth::{cookie::SetCookie, session},
    docs,
    error::ApiError,
    extract::Body,
    guard,
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Session, SignIn};
use causeway_store::{
    sessions,
    throttle::{self, Pace},
    users,
};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// For one person from one address.
const PERSON: Pace = Pace { free: 5, longest: 300 };
/// For one address, whoever it tries to be. An office shares one.
const ADDRESS: Pace = Pace { free: 50, longest: 60 };

/// Sign in
///
/// Begins a session: an access token in the answer, a refresh token in a cookie that only `/admin/v1/auth` receives.
/// After five failed attempts from one address each further one has to wait, twice as long every time, up to five
/// minutes. The answer for somebody who does not exist is the same as for a wrong password.
#[utoipa::path(
    post, path = "/auth/sign-in", tag = "auth", operation_id = "signIn", security(()),
    params(("x-organization" = Option<uuid::Uuid>, Header, description = "The organisation to enter; the only or last one when absent")),
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = Session,
            headers(("set-cookie" = String, description = "The refresh token"))),
        docs::Input, docs::Credentials, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    headers: HeaderMap,
    Body(input): Body<SignIn>,
) -> Result<(SetCookie, Json<Session>), ApiError> {
    let db = &state.store.app;
    let named = guard::named_organization(&headers)?;
    let (email, password) = (input.email.trim(), input.password.expose());
    if email.chars().count() > 254 || password.chars().count() > 1024 {
        return Err(ApiError::WrongCredentials);
    }
    let network = network(origin.address);
    let address = format!("address:{network}");
    let person = format!("person:{}:{network}", hex::encode(&Sha256::digest(email.to_lowercase())[..16]));
    for (subject, pace) in [(&person, PERSON), (&address, ADDRESS)] {
        throttle::attempt(db, subject, pace).await?.map_err(|seconds| ApiError::Throttled { seconds })?;
    }
    let user = users::find_by_email(db, email).await?;
    let hash = user.as_ref().and_then(|u| u.password_hash.as_deref());
    let fits = state.passwords.fits(password, hash).await?;
    let user = user.filter(|u| fits && !u.disabled).ok_or(ApiError::WrongCredentials)?;
    throttle::forget(db, &person).await?;
    throttle::forgive(db, &address).await?;
    let last = sessions::last_organisation(db, user.id).await?;
    let org = session::choose(&state, user.id, named, last).await?;
    let (cookie, session) = session::begin(&state, user.id, org, &origin).await?;
    Ok((cookie, Json(session)))
}

/// What attempts are counted by: an IPv4 address, or the /64 that one customer of a provider has of IPv6.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
