//! Staying signed in.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        events, session,
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
use causeway_store::{
    PersonTx,
    sessions::{self, Rotation},
};
use http::HeaderMap;
use serde_json::json;

/// Renew the session
///
/// Exchanges the refresh token in the cookie for a new access token and the next refresh token. A refresh token is good
/// for one use: one that is used again was copied, and ends the session, except within 20 seconds, when it was another
/// tab of the same browser and gets the same successor.
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
    let named = guard::named_organization(&headers)?;
    let presented = cookie::sent(&jar).ok_or(ApiError::NotSignedIn)?;
    let address = origin.address_text();
    // Before the token is used up: an organisation that cannot be entered must not cost the session.
    if let Some((session, user, last)) = sessions::of_token(&state.store.app, presented).await? {
        session::resume(&state, session, user, named, last).await?;
    }
    let successor = |token: &str| state.sign_in.successor(token);
    match sessions::rotate(&state.store.app, presented, &address, successor).await? {
        Rotation::Renewed { session, user, org: last, token } => {
            let org = session::resume(&state, session, user, named, last).await?;
            if last != Some(org) {
                sessions::enter(&state.store.app, session, org).await?;
            }
            let answer = session::describe(&state, session, user, org).await?;
            Ok((cookie::set(&state, &token), Json(answer)))
        }
        Rotation::Reused { session, user } => {
            tracing::warn!(%session, %user, %address, "a refresh token was used twice; the session was ended");
            let mut tx = PersonTx::begin(&state.store.app, user).await?;
            let after = json!({"reason": "refresh token used twice"});
            events::record_session(&mut tx, "session.theft", session, Some(after), &origin).await?;
            tx.commit().await?;
            Err(ApiError::NotSignedIn)
        }
        Rotation::Refused => Err(ApiError::NotSignedIn),
    }
}
