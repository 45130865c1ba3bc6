//! Reading a key.

use super::view_one;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::Key;
use causeway_store::keys;

/// Read a key
///
/// One API key with what it has used. The secret is never shown.
#[utoipa::path(
    get, path = "/keys/{id}", tag = "keys", operation_id = "getKey",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses((status = 200, description = "The key", body = Key), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Place(id): Place<KeyId>,
) -> Result<Json<Key>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, caller.sees(), false).await?;
    Ok(Json(view_one(&mut tx, &caller, key).await?))
}
