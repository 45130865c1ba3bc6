//! What anybody may know about this installation.

use crate::{docs, error::ApiError, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::Instance;
use causeway_store::users;

/// Describe this installation
///
/// What the web admin needs before anybody has signed in. Needs no access token.
#[utoipa::path(
    get, path = "/instance", tag = "instance", operation_id = "getInstance", security(()),
    responses((status = 200, description = "This installation", body = Instance), docs::Failures)
)]
pub(crate) async fn handle(State(state): State<AdminState>) -> Result<Json<Instance>, ApiError> {
    Ok(Json(Instance {
        version: state.version.to_owned(),
        public_url: state.public_url.as_str().trim_end_matches('/').to_owned(),
        demo: state.demo,
        setup_required: !users::any(&state.store.app).await?,
        mail: state.mailer.is_some(),
    }))
}
