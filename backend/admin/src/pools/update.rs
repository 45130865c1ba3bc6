//! Changing a pool.

use super::{audited, fields, plain, taken};
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    proxies::readers::Readers,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::PoolId;
use causeway_openapi::{Pool, UpdatePool};
use causeway_store::pools;

/// Change a pool
///
/// Changes what is present and leaves the rest; the accounts are replaced as a whole. In force from the next request on, on
/// every instance: a conversation whose account has left the pool goes on at another.
#[utoipa::path(
    patch, path = "/pools/{id}", tag = "pools", operation_id = "updatePool",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the pool")),
    request_body = UpdatePool,
    responses(
        (status = 200, description = "The pool as it is now", body = Pool),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<PoolId>,
    Body(input): Body<UpdatePool>,
) -> Result<Json<Pool>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut pool = pools::get(&mut tx, id, true).await?;
    let (before, readers) = (audited(&pool), Readers::now(&mut tx).await?);
    fields::apply(&mut tx, &mut pool, &input).await?;
    pools::update(&mut tx, &pool).await.map_err(taken)?;
    readers.unchanged(&mut tx, None).await?;
    let now = pools::get(&mut tx, id, false).await?;
    let target = ("pool", Some(id.0));
    caller.record(&mut tx, "pool.update", target, Some(before), Some(audited(&now))).await?;
    state.commit(tx).await?;
    Ok(Json(plain(now)))
}
