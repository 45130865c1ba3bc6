//! Reading the settings.

use super::view;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::Organization;
use causeway_store::organisations;

/// Read the settings
///
/// The settings of the organisation entered.
#[utoipa::path(
    get, path = "/organization", tag = "organization", operation_id = "getOrganization",
    responses((status = 200, description = "The settings", body = Organization), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationRead>,
) -> Result<Json<Organization>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let org = organisations::get(&mut tx, false).await?;
    Ok(Json(view(&mut tx, &org).await?))
}
