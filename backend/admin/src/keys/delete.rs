//! Deleting a key.

use super::{audited, changes};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::KeyId;
use causeway_store::{
    TenantTx,
    keys::{self, Key},
};
use http::StatusCode;

/// Delete a key
///
/// The key stops working with the next request. It can be restored for a time; usage keeps its name in any case. Members
/// can delete their own keys.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "keys", operation_id = "deleteKey",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses((status = 204, description = "Deleted"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Place(id): Place<KeyId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, changes(&caller), true).await?;
    delete(&mut tx, &caller, &key).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes one key, which is locked.
pub(super) async fn delete(tx: &mut TenantTx, caller: &Caller, key: &Key) -> Result<(), ApiError> {
    keys::delete(tx, key.id).await?;
    caller.record(tx, "key.delete", ("key", Some(key.id.0)), Some(audited(key)), None).await
}
