//! Accepting an invitation by somebody who is not signed in.

use super::{accept, count_try, invited_to, locale, look, make_person, take_invitation};
use crate::{
    auth::{
        events,
        pace::{self, Attempt},
        session,
    },
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    origin::Origin,
    state::AdminState,
};
use axum::response::Response;
use axum::{Json, extract::State, response::IntoResponse};
use axum_extra::extract::cookie::CookieJar;
use causeway_domain::OrgId;
use causeway_openapi::{AcceptInvitation, AcceptedInvitation};
use causeway_store::{
    TenantTx, throttle,
    users::{self, User},
};
use tokio::time::Instant;

/// Accept an invitation
///
/// Makes the person with the invited address a member. Somebody new gives a name and a password and is signed in; somebody
/// who has an account gives its password, which counts as an attempt to sign in, and signs in afterwards. Whoever is signed
/// in uses `POST /me/memberships` instead. Of two that accept at once one wins.
#[utoipa::path(
    post, path = "/join/invitation", tag = "join", operation_id = "acceptInvitation", security(()),
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "A member", body = AcceptedInvitation,
            headers(("set-cookie" = String, description = "The refresh token, for somebody new"))),
        docs::Link, docs::Addressed, docs::Full, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
    Body(input): Body<AcceptInvitation>,
) -> Result<Response, ApiError> {
    let begun = Instant::now();
    let (org, hash) = invited_to(&state, &input.token).await?;
    let (db, subject) = (&state.store.app, count_try(&state, org, &input.email).await?);
    look(&state, org, &hash, &input.email, &origin).await?;
    let known = users::find_by_email(&state.store.app, input.email.trim()).await?;
    let Some(known) = known else { return somebody_new(&state, org, &hash, &input, &origin).await };
    if !is_theirs(&state, &known, input.password.expose(), &origin, &jar).await? {
        pace::evenly(begun).await;
        return Err(ApiError::WrongCredentials);
    }
    throttle::forget(db, &subject).await?;
    let mut tx = TenantTx::begin(db, org, Some(known.id)).await?;
    let invitation = take_invitation(&mut tx, &hash, &input.email).await?;
    let accepted = accept(&mut tx, &invitation, known.id, false, &origin).await?;
    state.commit(tx).await?;
    Ok(Json(accepted).into_response())
}

/// Whether the password is the account's. Guessed here or on the sign-in page, it is counted and written down the same.
async fn is_theirs(
    state: &AdminState,
    known: &User,
    password: &str,
    origin: &Origin,
    jar: &CookieJar,
) -> Result<bool, ApiError> {
    let attempt = Attempt::password(state, origin, jar, &known.email).await?;
    let readable = password.chars().count() <= 1024;
    let fits = readable && state.passwords.fits(password, known.password_hash.as_deref()).await?;
    if fits && !known.disabled {
        attempt.succeeded(state).await?;
        return Ok(true);
    }
    let locked = attempt.failed(state).await?;
    let reason = if fits { "disabled" } else { "password" };
    events::failed(state, known.id, reason, locked, origin).await?;
    Ok(false)
}

async fn somebody_new(
    state: &AdminState,
    org: OrgId,
    hash: &[u8; 32],
    input: &AcceptInvitation,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let mut check = Check::default();
    let name = check.text("name", input.name.as_deref().unwrap_or_default(), 1..=100);
    check.password("password", input.password.expose(), &[&input.email, &name]);
    check.done()?;
    let password_hash = state.passwords.hash(input.password.expose()).await?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let invitation = take_invitation(&mut tx, hash, &input.email).await?;
    let person = (invitation.email.as_str(), name.as_str(), locale(input.locale.as_deref()));
    let user = make_person(&mut tx, person, &password_hash).await?;
    let accepted = accept(&mut tx, &invitation, user, true, origin).await?;
    state.commit(tx).await?;
    match session::begin(state, user, org, origin).await {
        Ok((cookie, session)) => {
            Ok((cookie, Json(AcceptedInvitation { session: Some(session), ..accepted })).into_response())
        }
        // The organisation lets people in by its own issuer only.
        Err(ApiError::Forbidden(_)) => Ok(Json(accepted).into_response()),
        Err(error) => Err(error),
    }
}
