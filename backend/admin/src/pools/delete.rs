//! Removing a pool.

use super::audited;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    proxies::readers::Readers,
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::PoolId;
use causeway_store::{ceilings, pools};
use http::StatusCode;

/// Remove a pool
///
/// Its accounts stay. Refused while keys name it, or `PUT /organization/key-ceilings` for the keys of members: they would be
/// served by whatever is left to them, or by nobody.
#[utoipa::path(
    delete, path = "/pools/{id}", tag = "pools", operation_id = "deletePool",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the pool")),
    responses(
        (status = 204, description = "Removed"),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<PoolId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let pool = pools::get(&mut tx, id, true).await?;
    if pool.keys > 0 {
        let keys = if pool.keys == 1 { "1 key names".to_owned() } else { format!("{} keys name", pool.keys) };
        return Err(ApiError::Conflict(format!("{keys} this pool; give them another one first")));
    }
    if ceilings::get(&mut tx, false).await?.pools.contains(&id) {
        let text = "members' keys are given this pool; take it out of what they may have first";
        return Err(ApiError::Conflict(text.to_owned()));
    }
    let readers = Readers::now(&mut tx).await?;
    pools::delete(&mut tx, id).await?;
    readers.unchanged(&mut tx, None).await?;
    caller.record(&mut tx, "pool.delete", ("pool", Some(id.0)), Some(audited(&pool)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
