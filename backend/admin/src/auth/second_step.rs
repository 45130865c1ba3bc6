//! The second step of signing in: a code of the authenticator app, or a recovery code.

use crate::{
    auth::{
        authenticator::{self, Factor},
        cookie::SetCookie,
        events,
        pace::{self, Attempt},
        sign_in,
    },
    docs,
    error::ApiError,
    extract::Body,
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use axum_extra::extract::cookie::CookieJar;
use causeway_openapi::{Session, TakeSecondStep};
use causeway_store::{PersonTx, challenges, sessions::hash_of, totp, users};
use serde_json::json;
use tokio::time::Instant;

/// Take the second step
///
/// Takes the challenge of `POST /admin/v1/auth/sign-in` and a code, and begins the session. A code of the app is good once,
/// on every instance, and so is each recovery code. Five tries for one challenge; failures make the next one wait.
#[utoipa::path(
    post, path = "/auth/second-step", tag = "auth", operation_id = "takeSecondStep", security(()),
    request_body = TakeSecondStep,
    responses(
        (status = 200, description = "Signed in", body = Session,
            headers(("set-cookie" = String, description = "The refresh token, and a mark that this device is known"))),
        docs::Input, docs::Codes, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
    Body(input): Body<TakeSecondStep>,
) -> Result<(SetCookie, Json<Session>), ApiError> {
    let begun = Instant::now();
    let db = &state.store.app;
    let hash = hash_of(input.challenge.expose());
    let challenge = challenges::attempt(db, &hash).await?.ok_or(ApiError::SignInExpired)?;
    let user = users::get(db, challenge.user).await?;
    if user.disabled {
        return Err(ApiError::SignInExpired);
    }
    let attempt = Attempt::code(&state, &jar, user.id, &user.email).await?;
    let factor = match authenticator::accept(&state, user.id, &user.email, input.code.expose()).await? {
        Ok(factor) => factor,
        Err(factor) => {
            let locked = attempt.failed(&state).await?;
            events::failed(&state, user.id, factor.as_str(), locked, &origin).await?;
            pace::evenly(begun).await;
            return Err(ApiError::WrongCode);
        }
    };
    if !challenges::finish(db, &hash).await? {
        return Err(ApiError::SignInExpired);
    }
    attempt.succeeded(&state).await?;
    if factor == Factor::RecoveryCode {
        let left = totp::recovery_codes_left(db, user.id).await?;
        let mut tx = PersonTx::begin(db, user.id).await?;
        let after = Some(json!({"left": left}));
        events::record(&mut tx, "totp.recovery_code", user.id, after, &origin).await?;
        tx.commit().await?;
    }
    sign_in::begin(&state, &user, challenge.org, &origin).await
}
