//! Reading the routes.

use super::plain;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::ModelRoutes;
use causeway_store::model_routes;

/// Read model routes
///
/// What models are called here, and where each name leads, in the order in which routes are asked.
#[utoipa::path(
    get, path = "/model-routes", tag = "model-routes", operation_id = "getModelRoutes",
    responses((status = 200, description = "The routes", body = ModelRoutes), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
) -> Result<Json<ModelRoutes>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(plain(model_routes::list(&mut tx, false).await?)))
}
