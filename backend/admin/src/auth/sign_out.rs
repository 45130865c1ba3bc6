//! Signing out.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        session,
    },
    docs,
    error::ApiError,
    origin::Origin,
    state::AdminState,
};
use axum::extract::State;
use axum_extra::extract::cookie::CookieJar;
use causeway_store::sessions;
use http::StatusCode;

/// Sign out
///
/// Ends the session that the refresh token in the cookie belongs to, with its access tokens, and takes the cookie out of
/// the browser. Succeeds also when there is no session.
#[utoipa::path(
    post, path = "/auth/sign-out", tag = "auth", operation_id = "signOut", security(("refresh" = [])),
    responses(
        (status = 204, description = "Signed out",
            headers(("set-cookie" = String, description = "Removes the refresh token"))),
        docs::Forbidden, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
) -> Result<(StatusCode, SetCookie), ApiError> {
    if let Some(token) = cookie::sent(&jar)
        && let Some((session, user, Some(org))) =
            sessions::end_by_token(&state.store.app, &sessions::hash_of(token)).await?
    {
        session::record(&state, "session.end", user, org, session, &origin).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie::clear(&state)))
}
