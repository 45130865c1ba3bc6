//! One pool.

use super::plain;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::PoolId;
use causeway_openapi::Pool;
use causeway_store::pools;

/// Read a pool
///
/// Its strategy and its accounts, by priority.
#[utoipa::path(
    get, path = "/pools/{id}", tag = "pools", operation_id = "getPool",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the pool")),
    responses((status = 200, description = "The pool", body = Pool), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<PoolId>,
) -> Result<Json<Pool>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(plain(pools::get(&mut tx, id, false).await?)))
}
