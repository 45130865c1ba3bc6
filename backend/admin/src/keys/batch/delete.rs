//! Deleting many keys.

use super::lock;
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    keys,
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::DeleteKeys;
use http::StatusCode;

/// Delete many keys
///
/// They stop working with the next request, all of them or none; each can be restored for a time. Members can delete their
/// own keys.
#[utoipa::path(
    post, path = "/keys/batch/delete", tag = "keys", operation_id = "deleteKeys",
    request_body = DeleteKeys,
    responses((status = 204, description = "Deleted"), docs::Input, docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Body(input): Body<DeleteKeys>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let (keys, refused) = lock(&mut tx, &caller, &input.ids).await?;
    refused.done()?;
    for (_, key) in &keys {
        keys::delete::delete(&mut tx, &caller, key).await?;
    }
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
