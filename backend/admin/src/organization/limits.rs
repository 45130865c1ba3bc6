//! How the organisation's limits stand.

use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    limits,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::LimitsInUse;
use causeway_store::{hold::ScopeId, organisations};

/// Read how the organisation's limits stand
///
/// Used, reserved and remaining of each limit at this moment, and when it begins anew: the tighter of the organisation's
/// own limits, its plan's, and its credits where it is prepaid.
#[utoipa::path(
    get, path = "/organization/limits", tag = "organization", operation_id = "getOrganizationLimits",
    responses((status = 200, description = "The limits", body = LimitsInUse), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationRead>,
) -> Result<Json<LimitsInUse>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let limits = organisations::get(&mut tx, false).await?.effective_limits();
    Ok(Json(limits::in_use(&state, &caller, &mut tx, ScopeId::Organisation, &limits).await?))
}
