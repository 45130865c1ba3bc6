//! Changing a key.

use super::{audited, ceiling::Ceiling, changes, check_prepaid, fields, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::{Key, UpdateKey};
use causeway_store::{
    TenantTx,
    keys::{self, Key as Stored},
};

/// Change a key
///
/// Changes what is present and leaves the rest; `null` clears `account_id`, `owner_id` and both ends. `limits`, `models`,
/// `tags`, `addresses` and `services` are replaced as a whole. In force from the next request on, on every instance.
/// Members can change their own keys, within `GET /organization/key-ceilings`.
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
    fields::check_rights(&caller, &input)?;
    fields::known_providers(&state, &input)?;
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, changes(&caller), true).await?;
    let ceiling = Ceiling::of(&mut tx, &caller, false).await?;
    let now = change(&mut tx, &caller, &ceiling, key, &input).await?;
    let shown = view_one(&mut tx, &caller, now).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}

/// Changes one key, which is locked.
pub(super) async fn change(
    tx: &mut TenantTx,
    caller: &Caller,
    ceiling: &Ceiling,
    mut key: Stored,
    input: &UpdateKey,
) -> Result<Stored, ApiError> {
    let (id, before, multiplier) = (key.id, audited(&key), key.multiplier);
    let mut check = Check::default();
    fields::apply(&mut check, &mut key, input);
    fields::references(tx, &mut check, &mut key, input).await?;
    check_prepaid(tx, &mut check, input.multiplier.filter(|m| *m != multiplier)).await?;
    ceiling.check(&mut check, &key, Some(input));
    check.done()?;
    keys::update(tx, &key).await?;
    let now = keys::get(tx, id, None, false).await?;
    caller.record(tx, "key.update", ("key", Some(id.0)), Some(before), Some(audited(&now))).await?;
    Ok(now)
}
