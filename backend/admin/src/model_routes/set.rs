//! Replacing the routes.

use super::{fields, plain};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ModelRoutes, SetModelRoutes};
use causeway_store::model_routes;
use serde_json::json;

/// Replace model routes
///
/// The whole list, in its order. In force from the next request on, on every instance. With the `version` that was read,
/// the change is refused with 409 where somebody else has changed the routes meanwhile.
#[utoipa::path(
    put, path = "/model-routes", tag = "model-routes", operation_id = "setModelRoutes", request_body = SetModelRoutes,
    responses(
        (status = 200, description = "The routes as they are now", body = ModelRoutes),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<SetModelRoutes>,
) -> Result<Json<ModelRoutes>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = plain(model_routes::list(&mut tx, true).await?);
    let routes = fields::routes(&mut tx, &state, &input.items).await?;
    if input.version.is_some_and(|version| version != before.version) {
        let text = "the model routes have been changed meanwhile; read them again and make the change anew";
        return Err(ApiError::Conflict(text.to_owned()));
    }
    model_routes::replace(&mut tx, &routes).await?;
    let now = plain(routes);
    let (before, after) = (json!({ "items": before.items }), json!({ "items": now.items }));
    caller.record(&mut tx, "model_routes.set", ("model_routes", None), Some(before), Some(after)).await?;
    state.commit(tx).await?;
    Ok(Json(now))
}
