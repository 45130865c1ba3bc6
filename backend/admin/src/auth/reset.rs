//! Choosing a new password by a link.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        events,
        pace::Attempt,
    },
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    mail::words::{self, Language},
    members::takeover,
    origin::Origin,
    state::AdminState,
    watch,
};
use axum::extract::State;
use causeway_openapi::ResetPassword;
use causeway_store::{
    PersonTx, audit, reset_links,
    sessions::hash_of,
    totp,
    users::{self, Ends},
};
use http::StatusCode;
use serde_json::json;

/// Choose a new password
///
/// Takes the token of a link that was mailed, or made by an administrator. The link works once and for an hour. Every
/// session of the person ends; an authenticator app stays in force. Sign in afterwards.
#[utoipa::path(
    post, path = "/auth/reset-password", tag = "auth", operation_id = "resetPassword", security(()),
    request_body = ResetPassword,
    responses(
        (status = 204, description = "The password is the new one",
            headers(("set-cookie" = String, description = "A mark that this device is known"))),
        docs::Links, docs::Forbidden, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<ResetPassword>,
) -> Result<(StatusCode, SetCookie), ApiError> {
    let db = &state.store.app;
    let attempt = Attempt::link(&state, &origin).await?;
    let hash = hash_of(input.token.expose().trim());
    let Some(link) = reset_links::find(db, &hash).await? else {
        return Err(refused(&state, &hash, &origin).await?);
    };
    let user = users::get(db, link.user).await?;
    // What was so when the link was made need not be so any more.
    let still_theirs = match (link.org, link.made_by) {
        (Some(org), Some(by)) => takeover::still_allowed(&state, org, by, user.id).await?,
        (Some(_), None) => false,
        (None, _) => true,
    };
    if user.disabled || !still_theirs {
        return Err(ApiError::LinkInvalid);
    }
    let mut check = Check::default();
    check.password("password", input.password.expose(), &[&user.email, &user.name]);
    check.done()?;
    let password = state.passwords.hash(input.password.expose()).await?;
    let mut tx = PersonTx::begin(db, user.id).await?;
    if !reset_links::use_up(&mut tx, &hash).await? {
        return Err(ApiError::LinkInvalid);
    }
    users::set_password(&mut tx, &password, Ends::All).await?;
    if link.org.is_none() && users::prove_by_mail(&mut tx).await? {
        // Whoever had the account before may have been anybody: a second factor of theirs would keep its owner out.
        totp::remove(&mut tx).await?;
    }
    let by = if link.org.is_some() { "administrator" } else { "mail" };
    let after = Some(json!({"link_by": by, "sessions": "all ended"}));
    events::record(&mut tx, "password.reset", user.id, after, &origin).await?;
    tx.commit().await?;
    attempt.succeeded(&state).await?;
    tell(&state, &user);
    Ok((StatusCode::NO_CONTENT, cookie::set_device(&state, &user.email)))
}

/// Refuses a link that was used before or came too late, and tells its person's organisations: it may have been read by
/// somebody else. How often is bounded by the count of attempts.
async fn refused(state: &AdminState, hash: &[u8; 32], origin: &Origin) -> Result<ApiError, ApiError> {
    if let Some(user) = reset_links::whose(&state.store.app, hash).await? {
        let mut tx = PersonTx::begin(&state.store.app, user).await?;
        let address = origin.address_text();
        let line = watch::line("password.link_refuse", ("user", Some(user.0)), &address, origin);
        let after = json!({"reason": "the link was used before, or has expired"});
        tx.record(&audit::Line { after: Some(after), ..line }).await?;
        tx.commit().await?;
    }
    Ok(ApiError::LinkInvalid)
}

/// The address of a link. The token is behind the `#`, where no server and no proxy sees it.
pub(crate) fn url(state: &AdminState, token: &str) -> String {
    format!("{}web/reset-password#token={token}", state.public_url)
}

/// Tells the person, who would want to know if it was not them.
pub(crate) fn tell(state: &AdminState, user: &users::User) {
    if let Some(mailer) = &state.mailer {
        let page = format!("{}web/profile", state.public_url);
        mailer.send(&user.email, &words::password_changed(Language::of(&user.locale), &page));
    }
}
