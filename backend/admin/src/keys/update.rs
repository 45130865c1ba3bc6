//! Changing a key.

use super::{audited, changes, check_account, check_multiplier, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::{Key, UpdateKey};
use causeway_store::keys::{self, Key as Stored};

/// Change a key
///
/// Changes what is present and leaves the rest; `null` clears `account_id` and `expires_at`. `limits` and `models` are
/// replaced as a whole. In force from the next request on, on every instance. Members can change their own keys.
#[utoipa::path(
    patch, path = "/keys/{id}", tag = "keys", operation_id = "updateKey",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    request_body = UpdateKey,
    responses(
        (status = 200, description = "The key as it is now", body = Key),
        docs::Input, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Place(id): Place<KeyId>,
    Body(input): Body<UpdateKey>,
) -> Result<Json<Key>, ApiError> {
    check_multiplier(&caller, input.multiplier)?;
    let mut tx = caller.begin(&state).await?;
    let mut key = keys::get(&mut tx, id, changes(&caller), true).await?;
    let before = audited(&key);
    let mut check = Check::default();
    // An account that was removed meanwhile does not stand in the way of other changes.
    check_account(&mut tx, &mut check, input.account_id.flatten()).await?;
    apply(&mut check, &mut key, input);
    check.done()?;
    keys::update(&mut tx, &key).await?;
    let now = keys::get(&mut tx, id, None, false).await?;
    caller.record(&mut tx, "key.update", ("key", Some(id.0)), Some(before), Some(audited(&now))).await?;
    let shown = view_one(&mut tx, &caller, now).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}

fn apply(check: &mut Check, key: &mut Stored, input: UpdateKey) {
    if let Some(name) = input.name {
        key.name = check.text("name", &name, 1..=100);
    }
    if let Some(description) = input.description {
        key.description = check.text("description", &description, 0..=1000);
    }
    if let Some(limits) = input.limits {
        check.limits("limits", &limits);
        key.limits = limits;
    }
    if let Some(multiplier) = input.multiplier {
        key.multiplier = multiplier;
    }
    if let Some(models) = input.models {
        check.models("models", &models);
        key.models = models;
    }
    if let Some(account) = input.account_id {
        key.account_id = account;
    }
    if let Some(end) = input.expires_at {
        key.expires_at = end;
    }
    if let Some(enabled) = input.enabled {
        key.enabled = enabled;
    }
}
