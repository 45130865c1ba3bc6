//! Taking an invitation to share back.

use super::{audited, ended};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    invitations as joining,
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::Role;
use causeway_openapi::Permission;
use causeway_store::{
    StoreError, invitations,
    shares::{self, Outcome},
};
use http::StatusCode;
use uuid::Uuid;

/// Revoke an invitation to share
///
/// Nothing can be shared by it any more. An invitation into the organisation that was made along with it goes too, where the
/// caller has `members.write` and nobody has accepted it. An account that was shared already stays.
#[utoipa::path(
    delete, path = "/shares/{id}", tag = "shares", operation_id = "revokeShare",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    responses(
        (status = 204, description = "Revoked"),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let share = shares::lock(&mut tx, id).await?;
    if let Some(why) = ended(&share) {
        return Err(ApiError::Conflict(why.to_owned()));
    }
    shares::end(&mut tx, id, Outcome::Revoked, None).await?;
    if let Some(along) = share.invitation
        && caller.may(Permission::MembersWrite)
    {
        match invitations::lock_open(&mut tx, along).await {
            Ok(invitation) if invitation.role == Role::Contributor => {
                invitations::revoke(&mut tx, along).await?;
                let (target, before) = (("invitation", Some(along)), Some(joining::audited(&invitation)));
                caller.record(&mut tx, "invitation.revoke", target, before, None).await?;
            }
            Ok(_) | Err(StoreError::NotFound) => {}
            Err(other) => return Err(other.into()),
        }
    }
    caller.record(&mut tx, "share.revoke", ("share", Some(id)), Some(audited(&share)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
