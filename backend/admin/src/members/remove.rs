//! Removing a member.

use super::{audited, standing};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::UserId;
use causeway_openapi::Permission;
use causeway_store::{members, people};
use http::StatusCode;
use serde_json::json;

/// Remove a member
///
/// Out with their next call, on every instance. Their API keys are switched off and keep their name, so that an
/// administrator can switch one on again for a program that depends on it; their API tokens end, and invitations of
/// theirs that nobody has accepted are revoked. Upstream accounts that they shared are withdrawn, and what asks them to share
/// one is revoked. Their own account stays: they may belong to other organisations. Neither an issuer nor a registration link
/// makes them a member again: that takes an invitation. Owners are removed by owners only, and never the last one.
#[utoipa::path(
    delete, path = "/members/{id}", tag = "members", operation_id = "removeMember",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses(
        (status = 204, description = "Removed"),
        docs::Guarded, docs::Missing, docs::Owners, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<UserId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let own = standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let member = members::get(&mut tx, id, None, true).await?;
    standing::check_reach(own, member.role)?;
    standing::keep_an_owner(&mut tx, member.role).await?;
    let taken = people::remove(&mut tx, id).await?;
    let after = json!({
        "keys_disabled": taken.keys, "invitations_revoked": taken.invitations, "accounts_withdrawn": taken.accounts,
        "shares_revoked": taken.shares
    });
    let target = ("member", Some(id.0));
    caller.record(&mut tx, "member.remove", target, Some(audited(&member)), Some(after)).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
