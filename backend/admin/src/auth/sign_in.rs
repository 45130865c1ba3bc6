//! Signing in by e-mail address and password.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        events,
        pace::{self, Attempt},
        session,
    },
    docs,
    error::ApiError,
    extract::Body,
    guard,
    origin::Origin,
    state::AdminState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use causeway_domain::OrgId;
use causeway_openapi::{SecondStep, Session, SignIn};
use causeway_store::{
    challenges::{self, Challenge},
    sessions, totp,
    users::{self, User},
};
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

/// Sign in
///
/// Begins a session: an access token in the answer, a refresh token in a cookie that only `/admin/v1/auth` receives. A
/// person with an authenticator app gets a challenge instead, for `POST /admin/v1/auth/second-step`. After five failed
/// attempts from one address, or twenty on one account, each further one has to wait, twice as long every time, up to five
/// minutes; a browser that the person has signed in from before is counted by itself. The answer for somebody who does not
/// exist is the same as for a wrong password.
#[utoipa::path(
    post, path = "/auth/sign-in", tag = "auth", operation_id = "signIn", security(()),
    params(("x-organization" = Option<uuid::Uuid>, Header, description = "The organisation to enter; the only or last one when absent")),
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = Session,
            headers(("set-cookie" = String, description = "The refresh token, and a mark that this device is known"))),
        (status = 202, description = "The password was right, and a code is still to come", body = SecondStep),
        docs::Input, docs::Credentials, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    headers: HeaderMap,
    jar: CookieJar,
    Body(input): Body<SignIn>,
) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let named = guard::named_organization(&headers)?;
    let (email, password) = (input.email.trim(), input.password.expose());
    if email.chars().count() > 254 || password.chars().count() > 1024 || email.chars().any(char::is_control) {
        return Err(ApiError::WrongCredentials);
    }
    let attempt = Attempt::password(&state, &origin, &jar, email).await?;
    let found = users::find_by_email(&state.store.app, email).await?;
    let hash = found.as_ref().and_then(|u| u.password_hash.as_deref());
    let fits = state.passwords.fits(password, hash).await?;
    let user = match found {
        Some(user) if fits && !user.disabled => user,
        other => {
            let locked = attempt.failed(&state).await?;
            // A stranger has no log; the wait below hides how long this takes.
            if let Some(user) = other {
                let reason = if fits { "disabled" } else { "password" };
                events::failed(&state, user.id, reason, locked, &origin).await?;
            }
            pace::evenly(begun).await;
            return Err(ApiError::WrongCredentials);
        }
    };
    attempt.succeeded(&state).await?;
    enter(&state, &user, named, &origin).await
}

/// A session, or the challenge before it.
async fn enter(
    state: &AdminState,
    user: &User,
    named: Option<OrgId>,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let db = &state.store.app;
    // Before the second step, or its challenge would tell which organisations there are.
    if named.is_some() {
        session::choose(state, user.id, named, None).await?;
    }
    let authenticator = totp::find(db, user.id).await?;
    if authenticator.is_some_and(|a| a.confirmed_at.is_some()) {
        let (token, hash) = cookie::new_token();
        challenges::begin(db, &hash, Challenge { user: user.id, org: named }).await?;
        let expires_in = u64::try_from(challenges::LIFE_SECONDS).unwrap_or_default();
        let step = SecondStep { challenge: token.into(), expires_in };
        return Ok((StatusCode::ACCEPTED, Json(step)).into_response());
    }
    Ok(begin(state, user, named, origin).await?.into_response())
}

/// A session in the organisation named, or the last one.
pub(crate) async fn begin(
    state: &AdminState,
    user: &User,
    named: Option<OrgId>,
    origin: &Origin,
) -> Result<(SetCookie, Json<Session>), ApiError> {
    let last = sessions::last_organisation(&state.store.app, user.id).await?;
    let org = session::choose(state, user.id, named, last).await?;
    let (cookie, session) = session::begin(state, user.id, org, origin).await?;
    Ok((cookie, Json(session)))
}
