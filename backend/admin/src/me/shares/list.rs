//! What waits for the caller.

use crate::{docs, error::ApiError, guard::Person, shares::shown, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::Share;
use causeway_store::shares;

/// List invitations to share that wait for the caller
///
/// In the organisation entered, the oldest first, at most 100.
#[utoipa::path(
    get, path = "/me/shares", tag = "me", operation_id = "listMyShares", security(("bearer" = [])),
    responses(
        (status = 200, description = "All that wait", body = Vec<Share>),
        docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
) -> Result<Json<Vec<Share>>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let open = shares::open_for(&mut tx, caller.user.id).await?;
    Ok(Json(open.into_iter().map(shown).collect()))
}
