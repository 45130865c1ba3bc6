//! Leaving an organisation.

use crate::{docs, error::ApiError, guard::Person, members::standing, state::AdminState};
use axum::extract::State;
use causeway_store::people;
use http::StatusCode;
use serde_json::json;

/// Leave the organisation
///
/// Ends the caller's membership of the organisation entered. What happens to keys, tokens and invitations is the same as
/// when a member is removed, and so is coming back: it takes an invitation. The last owner cannot leave. For people, not for API tokens.
#[utoipa::path(
    post, path = "/me/leave", tag = "me", operation_id = "leaveOrganization",
    responses((status = 204, description = "Left"), docs::Guarded, docs::Owners, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
) -> Result<StatusCode, ApiError> {
    caller.demand_membership()?;
    let mut tx = caller.begin(&state).await?;
    let role = standing::take_turn(&mut tx, &caller).await?;
    standing::keep_an_owner(&mut tx, role).await?;
    let before = json!({"email": caller.user.email, "role": role});
    let taken = people::remove(&mut tx, caller.user.id).await?;
    let after = json!({
        "keys_disabled": taken.keys, "invitations_revoked": taken.invitations, "accounts_withdrawn": taken.accounts,
        "shares_revoked": taken.shares
    });
    let target = ("member", Some(caller.user.id.0));
    caller.record(&mut tx, "member.leave", target, Some(before), Some(after)).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
