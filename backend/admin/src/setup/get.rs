//! Whether the installation waits for its first person.

use crate::{docs, error::ApiError, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::SetupState;
use causeway_store::users;

/// Ask whether set-up is required
///
/// True until the first organisation was made, by the set-up link or by `causeway admin create`. Needs no access token.
#[utoipa::path(
    get, path = "/setup", tag = "setup", operation_id = "getSetup", security(()),
    responses((status = 200, description = "Whether set-up is required", body = SetupState), docs::Failures)
)]
pub(crate) async fn handle(State(state): State<AdminState>) -> Result<Json<SetupState>, ApiError> {
    Ok(Json(SetupState { required: !users::any(&state.store.app).await? }))
}
