//! Changing one's own password.

use crate::{
    auth::{events, pace::Attempt, reset},
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::Oneself,
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::ChangePassword;
use causeway_store::{
    sessions,
    users::{self, Ends},
};
use http::StatusCode;
use serde_json::json;

/// Change one's own password
///
/// Needs the old one. Links that were made to choose a new one are dead afterwards, and the other sessions end unless they
/// are to stay.
#[utoipa::path(
    post, path = "/me/password", tag = "me", operation_id = "changePassword",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "The password is the new one"),
        docs::Input, docs::Guarded, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let mut check = Check::default();
    let own = [person.user.email.as_str(), person.user.name.as_str()];
    check.password("new_password", input.new_password.expose(), &own);
    check.done()?;
    confirm(&state, &person, "current_password", input.current_password.expose()).await?;
    if input.new_password == input.current_password {
        return Err(ApiError::field("new_password", "must be another than the old one"));
    }
    let hash = state.passwords.hash(input.new_password.expose()).await?;
    let ends = if input.end_other_sessions { Ends::Others(person.session) } else { Ends::None };
    let mut tx = person.begin(&state).await?;
    users::set_password(&mut tx, &hash, ends).await?;
    let after = Some(json!({"other_sessions_ended": input.end_other_sessions}));
    events::record(&mut tx, "password.change", person.id(), after, &person.origin).await?;
    tx.commit().await?;
    reset::tell(&state, &users::get(&state.store.app, person.id()).await?);
    Ok(StatusCode::NO_CONTENT)
}

/// Minutes for which a sign-in shows who sits there, where there is no password to ask for.
const FRESH_MINUTES: i32 = 10;

/// That it is still the same person who sits there: by the password, or of somebody without one by having just signed in
/// at their issuer.
pub(super) async fn confirm(
    state: &AdminState,
    person: &Oneself,
    field: &str,
    password: &str,
) -> Result<(), ApiError> {
    let user = users::get(&state.store.app, person.id()).await?;
    let Some(hash) = user.password_hash.as_deref() else {
        if field != "password" {
            return Err(ApiError::Conflict(
                "you sign in without a password, so there is none to change".to_owned(),
            ));
        }
        if sessions::is_fresh(&state.store.app, person.session, FRESH_MINUTES).await? {
            return Ok(());
        }
        return Err(ApiError::Forbidden(format!(
            "sign out and in again first: you have no password to confirm this with, and your sign-in is older than \
             {FRESH_MINUTES} minutes"
        )));
    };
    let attempt = Attempt::again(state, person.id()).await?;
    if password.chars().count() > 1024 || !state.passwords.fits(password, Some(hash)).await? {
        let locked = attempt.failed(state).await?;
        events::failed(state, person.id(), "password asked again", locked, &person.origin).await?;
        return Err(ApiError::field(field, "is not your password"));
    }
    attempt.succeeded(state).await
}
