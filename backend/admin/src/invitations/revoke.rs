//! Taking an invitation back.

use super::audited;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    members::standing,
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::Permission;
use causeway_store::invitations;
use http::StatusCode;
use uuid::Uuid;

/// Revoke an invitation
///
/// Its link is worthless from then on.
#[utoipa::path(
    delete, path = "/invitations/{id}", tag = "invitations", operation_id = "revokeInvitation",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    responses((status = 204, description = "Revoked"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let invitation = invitations::lock_open(&mut tx, id).await?;
    invitations::revoke(&mut tx, id).await?;
    let before = Some(audited(&invitation));
    caller.record(&mut tx, "invitation.revoke", ("invitation", Some(id)), before, None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
