//! Changing many keys alike.

use super::lock;
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    keys::{ceiling::Ceiling, fields, update::change, view},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Key, Page, UpdateKeys};

/// Change many keys
///
/// Sets the same fields of every key named, all of them or none; `enabled` switches them off and on. What is not accepted
/// is named by the place of its key, such as `ids[3].limits.usd.day`. Members can change their own keys, within
/// `GET /organization/key-ceilings`.
#[utoipa::path(
    patch, path = "/keys/batch", tag = "keys", operation_id = "updateKeys",
    request_body(content = UpdateKeys, example = json!({
        "ids": ["019a0000-0000-7000-8000-000000000001", "019a0000-0000-7000-8000-000000000002"],
        "change": {"enabled": false}
    })),
    responses(
        (status = 200, description = "The keys as they are now, in the order of their identifiers", body = Page<Key>),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Body(input): Body<UpdateKeys>,
) -> Result<Json<Page<Key>>, ApiError> {
    let UpdateKeys { ids, change: terms } = input;
    if terms.name.is_some() {
        return Err(ApiError::field("change.name", "cannot be the same for several keys"));
    }
    fields::check_rights(&caller, &terms)?;
    fields::known_providers(&state, &terms)?;
    let mut tx = caller.begin(&state).await?;
    let (keys, mut refused) = lock(&mut tx, &caller, &ids).await?;
    let ceiling = Ceiling::of(&mut tx, &caller, false).await?;
    let mut changed = Vec::with_capacity(keys.len());
    for (place, key) in keys {
        match change(&mut tx, &caller, &ceiling, key, &terms).await {
            Ok(key) => changed.push(key),
            Err(error) => refused.take(place, error)?,
        }
    }
    refused.done()?;
    let items = view(&mut tx, &caller, changed).await?;
    state.commit(tx).await?;
    Ok(Json(Page { items, next_cursor: None }))
}
