//! Staying signed in.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        session,
    },
    docs,
    error::ApiError,
    guard,
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use axum_extra::extract::cookie::CookieJar;
use causeway_openapi::Session;
use causeway_store::sessions::{self, Rotation};
use http::HeaderMap;

/// Renew the session
///
/// Exchanges the refresh token in the cookie for a new access token and the next refresh token. A refresh token is good
/// for one use: one that is used again was copied, and ends the session, except within 20 seconds, when it was another
/// tab of the same browser.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refreshSession", security(("refresh" = [])),
    params(("x-organization" = Option<uuid::Uuid>, Header, description = "The organisation to enter; the session's own when absent")),
    responses(
        (status = 200, description = "Renewed", body = Session,
            headers(("set-cookie" = String, description = "The next refresh token"))),
        docs::Malformed, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(SetCookie, Json<Session>), ApiError> {
    cookie::refuse_other_origins(&headers)?;
    let named = guard::named_organization(&headers)?;
    let presented = cookie::sent(&jar).ok_or(ApiError::NotSignedIn)?;
    let (token, successor) = cookie::new_token();
    match sessions::rotate(&state.store.app, &presented, &successor).await? {
        Rotation::Renewed { session, user, org: last } => {
            let org = session::resume(&state, session, user, named, last).await?;
            if last != Some(org) {
                sessions::enter(&state.store.app, session, org).await?;
            }
            let answer = session::describe(&state, session, user, org).await?;
            Ok((cookie::set(&state, &token), Json(answer)))
        }
        Rotation::Reused { session, user } => {
            tracing::warn!(%session, %user, address = %origin.address_text(), "a refresh token was used twice; the session was ended");
            Err(ApiError::NotSignedIn)
        }
        Rotation::Refused => Err(ApiError::NotSignedIn),
    }
}
