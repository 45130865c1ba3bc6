//! Bringing a deleted key back.

use super::{audited, ceiling::Ceiling, changes, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    plan,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::Key;
use causeway_store::{keys, plans::Counted};

/// Restore a key
///
/// A deleted key works again as it was, with the same secret, at the next request. It needs a place in the plan like a
/// new one, and a member's fits `GET /organization/key-ceilings`. Pools that it names may be gone by now: `missing_pool_ids`
/// in the answer has them, and where it has all of them the key is served by nobody until it is given others. After `DELETED_KEY_RETENTION_DAYS` there is nothing to
/// restore.
#[utoipa::path(
    post, path = "/keys/{id}/restore", tag = "keys", operation_id = "restoreKey",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses(
        (status = 200, description = "The key", body = Key),
        docs::BadValue, docs::Guarded, docs::Missing, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Place(id): Place<KeyId>,
) -> Result<Json<Key>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let key = keys::get_deleted(&mut tx, id, changes(&caller)).await?;
    let ceiling = Ceiling::of(&mut tx, &caller, true).await?;
    let mut check = Check::default();
    ceiling.check(&mut check, &key, None);
    check.done()?;
    keys::restore(&mut tx, id).await?;
    plan::check(&mut tx, Counted::Keys).await?;
    ceiling.check_count(&mut tx, &caller).await?;
    let now = keys::get(&mut tx, id, None, false).await?;
    caller.record(&mut tx, "key.restore", ("key", Some(id.0)), None, Some(audited(&now))).await?;
    let shown = view_one(&mut tx, &caller, now).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}
