//! Reading the balance.

use super::shown_balance;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::Nanos;
use causeway_openapi::Balance;
use causeway_store::{
    credits,
    hold::{self, ScopeId},
};

/// Read the balance
///
/// What the organisation was credited and charged, and whether it pays in advance. Every role may read it: whose requests
/// are refused for want of credit should be able to see why.
#[utoipa::path(
    get, path = "/balance", tag = "billing", operation_id = "getBalance",
    security(("bearer" = []), ("api_token" = ["usage:read"])),
    responses((status = 200, description = "The balance", body = Balance), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
) -> Result<Json<Balance>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let balance = shown_balance(&credits::balance(&mut tx).await?);
    // The balance is Postgres' and can be told without Redis.
    let standing = hold::standing(&state.store.cache, caller.org(), ScopeId::Organisation).await;
    let reserved_usd = standing.ok().map(|standing| Nanos(standing.reserved_nanos));
    Ok(Json(Balance { reserved_usd, ..balance }))
}
