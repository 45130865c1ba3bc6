//! How far a registration is, for the browser that has its claim.

use super::{hash, organization};
use crate::{
    docs,
    error::{ApiError, BadLink},
    extract::Body,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{RegistrationProgress, RegistrationState, ShownClaim};
use causeway_store::{
    TenantTx,
    registration::requests::{self, State as Stored},
};
use chrono::Utc;

/// Ask how far a registration is
///
/// For whoever has the claim that the registration was answered with.
#[utoipa::path(
    post, path = "/join/registration/progress", tag = "join", operation_id = "getRegistrationProgress", security(()),
    request_body = ShownClaim,
    responses((status = 200, description = "How far", body = RegistrationProgress), docs::Link, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Body(input): Body<ShownClaim>,
) -> Result<Json<RegistrationProgress>, ApiError> {
    let claim = hash(&input.claim);
    let org =
        requests::organisation(&state.store.app, &claim).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let request = requests::claimed(&mut tx, &claim, false).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    if request.expires_at <= Utc::now() && request.state != Stored::Done {
        return Err(ApiError::Link(BadLink::Expired));
    }
    let organization = organization(&mut tx).await?.name;
    Ok(Json(RegistrationProgress { organization, state: shown(request.state) }))
}

fn shown(state: Stored) -> RegistrationState {
    match state {
        Stored::Confirming => RegistrationState::Confirming,
        Stored::Waiting => RegistrationState::Waiting,
        Stored::Approved => RegistrationState::Approved,
        Stored::Refused => RegistrationState::Refused,
        Stored::Done => RegistrationState::Done,
    }
}
