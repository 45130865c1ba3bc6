//! Which models a key may ask for.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    playground::start::player,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::KeyModels;
use causeway_store::keys;

/// List the models of a key
///
/// The names that clients with this API key may ask for, as the relay would list them to these: models that an account
/// serves at a known price and that the key may use, and names of model routes that lead to such.
#[utoipa::path(
    get, path = "/keys/{id}/models", tag = "keys", operation_id = "listKeyModels",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the key")),
    responses(
        (status = 200, description = "The names", body = KeyModels),
        docs::Guarded, docs::Missing, docs::Refused, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Place(id): Place<KeyId>,
) -> Result<Json<KeyModels>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let key = keys::get(&mut tx, id, caller.sees(), false).await?;
    drop(tx);
    let listed = state.playground.models(player(&caller, key.id)).await;
    let models = listed.map_err(|refused| match refused.status {
        500.. => ApiError::Failed { outage: true, source: refused.message.into() },
        _ => ApiError::Conflict(refused.message),
    })?;
    Ok(Json(KeyModels { models }))
}
