//! Taking away a member's second factor.

use super::takeover;
use crate::{docs, error::ApiError, extract::Place, guard::Person, state::AdminState};
use axum::extract::State;
use causeway_domain::UserId;
use causeway_openapi::Permission;
use causeway_store::{PersonTx, sessions, totp};
use http::StatusCode;

/// Take away a member's second factor
///
/// For a member who has lost both app and recovery codes. Their sessions end, and their password alone signs in again.
/// Only for members of a lower role than the caller's who belong to no other organisation and do not run the installation.
#[utoipa::path(
    delete, path = "/members/{id}/totp", tag = "members", operation_id = "removeMemberTotp", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses(
        (status = 204, description = "There is none any more"),
        docs::Guarded, docs::Missing, docs::Beyond, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<UserId>,
) -> Result<StatusCode, ApiError> {
    caller.demand(Permission::MembersWrite)?;
    takeover::allowed(&state, &caller, id).await?;
    let mut tx = PersonTx::begin(&state.store.app, id).await?;
    if !totp::remove(&mut tx).await? {
        return Err(ApiError::Conflict("this person has no second factor".to_owned()));
    }
    sessions::end_all(&mut tx, None, "second factor removed").await?;
    caller.record_about_person(&mut tx, "totp.remove").await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
