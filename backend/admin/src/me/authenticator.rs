//! One's own second factor: setting up an authenticator app, recovery codes, and ending it.

use super::password::confirm;
use crate::{
    auth::{
        authenticator::{self, Factor},
        events,
        pace::Attempt,
    },
    docs,
    error::ApiError,
    extract::Body,
    guard::Oneself,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{
    AuthenticatorState, CodeOfApp, Enrolment, RecoveryCodes, StartEnrolment, StopAuthenticator,
};
use causeway_store::{PersonTx, totp};
use http::StatusCode;

/// Read the state of one's own second factor
///
/// Whether signing in needs a code, how many recovery codes are left, and whether the organisation demands it.
#[utoipa::path(
    get, path = "/me/totp", tag = "me", operation_id = "getMyTotp", security(("bearer" = [])),
    responses((status = 200, description = "The state", body = AuthenticatorState), docs::Guarded, docs::Failures)
)]
pub(crate) async fn get(
    State(state): State<AdminState>,
    person: Oneself,
) -> Result<Json<AuthenticatorState>, ApiError> {
    let db = &state.store.app;
    let enabled_at = totp::find(db, person.id()).await?.and_then(|a| a.confirmed_at);
    Ok(Json(AuthenticatorState {
        enabled: enabled_at.is_some(),
        enabled_at,
        recovery_codes_left: u32::try_from(totp::recovery_codes_left(db, person.id()).await?).unwrap_or(0),
        required: person.totp_required,
    }))
}

/// Begin to set up an authenticator app
///
/// Makes a secret and shows it once. Nothing changes until a code confirms that the app has it.
#[utoipa::path(
    post, path = "/me/totp", tag = "me", operation_id = "startTotp",
    request_body = StartEnrolment,
    responses(
        (status = 201, description = "What the app needs", body = Enrolment),
        docs::Input, docs::Factor, docs::Failures
    )
)]
pub(crate) async fn start(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<StartEnrolment>,
) -> Result<(StatusCode, Json<Enrolment>), ApiError> {
    confirm(&state, &person, "password", input.password.expose()).await?;
    let secret = authenticator::new_secret();
    let sealed = state.sealing.seal_authenticator(person.id(), &secret).map_err(ApiError::internal)?;
    let mut tx = person.begin(&state).await?;
    if !totp::enrol(&mut tx, &sealed).await? {
        return Err(ApiError::Conflict(
            "an authenticator app is in force already; remove it first".to_owned(),
        ));
    }
    tx.commit().await?;
    let app = authenticator::authenticator(&secret, &person.user.email)?;
    let uri = app.to_url().map_err(|error| ApiError::internal(error.to_string()))?;
    let enrolment = Enrolment {
        secret: app.secret().to_base32().into(),
        qr_svg: authenticator::qr_svg(&uri)?.into(),
        uri: uri.into(),
    };
    Ok((StatusCode::CREATED, Json(enrolment)))
}

/// Confirm an authenticator app
///
/// With its first code, signing in needs one from now on. Answers with ten recovery codes, which are shown once.
#[utoipa::path(
    post, path = "/me/totp/confirm", tag = "me", operation_id = "confirmTotp",
    request_body = CodeOfApp,
    responses(
        (status = 200, description = "It is in force", body = RecoveryCodes),
        docs::Input, docs::Factor, docs::Failures
    )
)]
pub(crate) async fn confirm_app(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<CodeOfApp>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let found = totp::find(&state.store.app, person.id()).await?;
    let Some(found) = found.filter(|a| a.confirmed_at.is_none()) else {
        return Err(ApiError::Conflict("no authenticator app is being set up".to_owned()));
    };
    let attempt = Attempt::again(&state, person.id()).await?;
    let secret = state.sealing.open_authenticator(person.id(), &found.sealed).map_err(ApiError::internal)?;
    let app = authenticator::authenticator(&secret, &person.user.email)?;
    let step = authenticator::step_of(&app, input.code.expose()).ok_or(ApiError::WrongCode)?;
    let mut tx = person.begin(&state).await?;
    if !totp::confirm(&mut tx, step).await? {
        return Err(ApiError::Conflict("an authenticator app is in force already".to_owned()));
    }
    events::record(&mut tx, "totp.enable", person.id(), None, &person.origin).await?;
    let codes = new_codes(&state, &mut tx).await?;
    tx.commit().await?;
    attempt.succeeded(&state).await?;
    Ok(Json(codes))
}

/// Make new recovery codes
///
/// Needs a code of the app. Those from before are dead; the new ones are shown once.
#[utoipa::path(
    post, path = "/me/totp/recovery-codes", tag = "me", operation_id = "renewRecoveryCodes",
    request_body = CodeOfApp,
    responses(
        (status = 200, description = "The new codes", body = RecoveryCodes),
        docs::Input, docs::Factor, docs::Failures
    )
)]
pub(crate) async fn renew_codes(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<CodeOfApp>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    give_code(&state, &person, input.code.expose(), Some(Factor::Totp)).await?;
    let mut tx = person.begin(&state).await?;
    events::record(&mut tx, "totp.recovery_codes", person.id(), None, &person.origin).await?;
    let codes = new_codes(&state, &mut tx).await?;
    tx.commit().await?;
    Ok(Json(codes))
}

/// End the use of a second factor
///
/// Needs the password and a code of the app, or a recovery code. Recovery codes are dead afterwards.
#[utoipa::path(
    post, path = "/me/totp/disable", tag = "me", operation_id = "stopTotp",
    request_body = StopAuthenticator,
    responses(
        (status = 204, description = "The password alone signs in again"),
        docs::Input, docs::Factor, docs::Failures
    )
)]
pub(crate) async fn stop(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<StopAuthenticator>,
) -> Result<StatusCode, ApiError> {
    confirm(&state, &person, "password", input.password.expose()).await?;
    give_code(&state, &person, input.code.expose(), None).await?;
    let mut tx = person.begin(&state).await?;
    if !totp::remove(&mut tx).await? {
        return Err(ApiError::Conflict("there is no authenticator app".to_owned()));
    }
    events::record(&mut tx, "totp.disable", person.id(), None, &person.origin).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a code from within a session and uses it up.
async fn give_code(
    state: &AdminState,
    person: &Oneself,
    code: &str,
    only: Option<Factor>,
) -> Result<(), ApiError> {
    let found = totp::find(&state.store.app, person.id()).await?;
    if found.is_none_or(|a| a.confirmed_at.is_none()) {
        return Err(ApiError::Conflict("there is no authenticator app".to_owned()));
    }
    let attempt = Attempt::again(state, person.id()).await?;
    let digits = code.chars().filter(|c| !c.is_whitespace()).all(|c| c.is_ascii_digit());
    if only == Some(Factor::Totp) && !digits {
        return Err(ApiError::WrongCode);
    }
    match authenticator::accept(state, person.id(), &person.user.email, code).await? {
        Ok(_) => attempt.succeeded(state).await,
        Err(factor) => {
            let locked = attempt.failed(state).await?;
            events::failed(state, person.id(), factor.as_str(), locked, &person.origin).await?;
            Err(ApiError::WrongCode)
        }
    }
}

async fn new_codes(state: &AdminState, tx: &mut PersonTx) -> Result<RecoveryCodes, ApiError> {
    let (codes, hashes) = authenticator::new_recovery_codes(state, tx.user());
    totp::set_recovery_codes(tx, &hashes).await?;
    Ok(RecoveryCodes { codes: codes.into_iter().map(Into::into).collect() })
}
