//! Reading the balance.

use super::shown_balance;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::Balance;
use causeway_store::credits;

/// Read the balance
///
/// What the organisation was credited and charged, and whether it pays in advance. Every role may read it: whose requests
/// are refused for want of credit should be able to see why.
#[utoipa::path(
    get, path = "/balance", tag = "billing", operation_id = "getBalance",
    responses((status = 200, description = "The balance", body = Balance), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
) -> Result<Json<Balance>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(shown_balance(&credits::balance(&mut tx).await?)))
}
