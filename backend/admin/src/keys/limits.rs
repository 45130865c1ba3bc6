//! How a key's limits stand.

use super::effective;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    limits,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::LimitsInUse;
use causeway_store::{ceilings, hold::ScopeId, keys};

/// Read how a key's limits stand
///
/// Used, reserved and remaining of each limit of one API key at this moment, and when it begins anew. The limits of its
/// member and its organisation hold beside its own.
#[utoipa::path(
    get, path = "/keys/{id}/limits", tag = "keys", operation_id = "getKeyLimits",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses(
        (status = 200, description = "The limits", body = LimitsInUse),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Place(id): Place<KeyId>,
) -> Result<Json<LimitsInUse>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, caller.sees(), false).await?;
    let limits = effective(&ceilings::get(&mut tx, false).await?, &key);
    Ok(Json(limits::in_use(&state, &caller, &mut tx, ScopeId::Key(id), &limits).await?))
}
