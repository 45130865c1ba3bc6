//! Asking for a link to choose a new password.

use crate::{
    auth::{
        cookie, events,
        pace::{self, Attempt},
        reset,
    },
    docs,
    error::ApiError,
    extract::Body,
    mail::words::{self, Language},
    origin::Origin,
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::ForgotPassword;
use causeway_store::{PersonTx, reset_links, users};
use http::StatusCode;
use tokio::time::Instant;

/// Ask for a new password
///
/// Sends a link to choose a new password, when the address is somebody's who signs in with one. The answer is the same,
/// and takes as long, when it is nobody's. Where the installation sends no mail (`GET /admin/v1/instance`), an
/// administrator of the organisation makes a link.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "auth", operation_id = "forgotPassword", security(()),
    request_body = ForgotPassword,
    responses(
        (status = 202, description = "A link is on its way, if the address is somebody's"),
        docs::Input, docs::Forbidden, docs::NoMail, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<ForgotPassword>,
) -> Result<StatusCode, ApiError> {
    let begun = Instant::now();
    let Some(mailer) = &state.mailer else {
        return Err(ApiError::Conflict(
            "this installation sends no mail; ask an administrator of your organisation for a link"
                .to_owned(),
        ));
    };
    let email = input.email.trim();
    Attempt::mail(&state, &origin).await?;
    // Too many for one account are not told apart from enough: the owner has the first ones in the mailbox.
    let allowed = email.chars().count() <= 254
        && !email.chars().any(char::is_control)
        && Attempt::mail_to(&state, email).await.is_ok();
    let user = match allowed {
        true => users::find_by_email(&state.store.app, email).await?,
        false => None,
    };
    // Also somebody without a password, who came by an issuer: the mailbox shows that the account is theirs.
    if let Some(user) = user.filter(|u| !u.disabled) {
        let (token, hash) = cookie::new_token();
        let mut tx = PersonTx::begin(&state.store.app, user.id).await?;
        reset_links::insert(&mut tx, &hash, None).await?;
        events::record(&mut tx, "password.link_mailed", user.id, None, &origin).await?;
        tx.commit().await?;
        let minutes = i64::from(reset_links::LIFE_SECONDS / 60);
        let letter = words::password_reset(Language::of(&user.locale), &reset::url(&state, &token), minutes);
        mailer.send(&user.email, &letter);
    }
    pace::evenly(begun).await;
    Ok(StatusCode::ACCEPTED)
}
