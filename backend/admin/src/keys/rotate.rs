//! Replacing the secret of a key, with a time in which both work.

use super::{changes, secret::Drawn, view_one};
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::{IssuedKey, Key, RotateKey};
use causeway_store::keys;
use chrono::{Duration, Utc};
use serde_json::json;

/// Thirty days: who has not changed over by then has forgotten to.
const LONGEST_OVERLAP: u32 = 30 * 24 * 60;

/// Rotate a key's secret
///
/// The answer has a new secret, which is never shown again. The old one works for `overlap_minutes` beside it, so that
/// clients can change over one by one; limits and usage stay the key's. There is one overlap at a time: another rotation
/// before its end must have none, and ends it.
#[utoipa::path(
    post, path = "/keys/{id}/rotate", tag = "keys", operation_id = "rotateKey",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    request_body = RotateKey,
    responses(
        (status = 200, description = "The key with its new secret", body = IssuedKey),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Place(id): Place<KeyId>,
    Body(input): Body<RotateKey>,
) -> Result<Json<IssuedKey>, ApiError> {
    if input.overlap_minutes > LONGEST_OVERLAP {
        return Err(ApiError::field("overlap_minutes", "must be between 0 and 43200"));
    }
    let now = Utc::now();
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, changes(&caller), true).await?;
    let overlap = (input.overlap_minutes > 0).then(|| now + Duration::minutes(input.overlap_minutes.into()));
    if overlap.is_some() && key.overlaps(now) {
        return Err(ApiError::Conflict(
            "the secret before this one still works: end that first, or rotate without an overlap".to_owned(),
        ));
    }
    let secret = Drawn::new();
    keys::rotate(&mut tx, id, secret.hash, secret.prefix(), overlap).await?;
    let before = json!({"prefix": key.prefix});
    let after = json!({"prefix": secret.prefix(), "old_works_until": overlap});
    caller.record(&mut tx, "key.rotate", ("key", Some(id.0)), Some(before), Some(after)).await?;
    let rotated = keys::get(&mut tx, id, None, false).await?;
    let key = view_one(&mut tx, &caller, rotated).await?;
    state.commit(tx).await?;
    Ok(Json(IssuedKey { key, secret: secret.text.into() }))
}

/// End the overlap of a rotation
///
/// The secret before stops working with the next request. Nothing changes when it has already.
#[utoipa::path(
    delete, path = "/keys/{id}/overlap", tag = "keys", operation_id = "endKeyOverlap",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses((status = 200, description = "The key", body = Key), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn end(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Place(id): Place<KeyId>,
) -> Result<Json<Key>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut key = keys::get(&mut tx, id, changes(&caller), true).await?;
    if key.overlaps(Utc::now()) {
        keys::end_overlap(&mut tx, id).await?;
        let before = json!({"old_works_until": key.previous.as_ref().map(|p| p.until)});
        caller.record(&mut tx, "key.end_overlap", ("key", Some(id.0)), Some(before), None).await?;
        key = keys::get(&mut tx, id, None, false).await?;
    }
    let shown = view_one(&mut tx, &caller, key).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}
