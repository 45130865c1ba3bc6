//! How an account's limits stand.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    limits,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::LimitsInUse;
use causeway_store::{accounts, hold::ScopeId};

/// Read how an account's limits stand
///
/// Used, reserved and remaining of each limit of one upstream account at this moment, and when it begins anew. Dollars
/// are what the provider asks.
#[utoipa::path(
    get, path = "/accounts/{id}/limits", tag = "accounts", operation_id = "getAccountLimits",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "The limits", body = LimitsInUse),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<AccountId>,
) -> Result<Json<LimitsInUse>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, false).await?;
    Ok(Json(limits::in_use(&state, &caller, &mut tx, ScopeId::Account(id), &account.limits).await?))
}
