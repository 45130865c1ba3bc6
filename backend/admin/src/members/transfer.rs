//! Handing the organisation over.

use super::{audited, standing, view_one};
use crate::{docs, error::ApiError, extract::Place, guard::Person, state::AdminState};
use axum::{Json, extract::State};
use causeway_domain::{Role, UserId};
use causeway_openapi::{Member, Permission};
use causeway_store::{members, people};
use serde_json::json;

/// Hand the organisation over
///
/// Makes another member an owner and the caller, who must be an owner, an administrator: both or neither. For people, not
/// for API tokens.
#[utoipa::path(
    post, path = "/members/{id}/transfer", tag = "members", operation_id = "transferOrganization",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses(
        (status = 200, description = "The new owner", body = Member),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<UserId>,
) -> Result<Json<Member>, ApiError> {
    caller.demand(Permission::OrganizationTransfer)?;
    let mut tx = caller.begin(&state).await?;
    standing::take_turn_with(&mut tx, &caller, Permission::OrganizationTransfer).await?;
    let mut member = members::get(&mut tx, id, None, true).await?;
    if id == caller.user.id {
        return Err(ApiError::Conflict("the organisation is yours already".to_owned()));
    }
    let before = audited(&member);
    people::set_role(&mut tx, id, Role::Owner).await?;
    people::set_role(&mut tx, caller.user.id, Role::Admin).await?;
    standing::lose_invitations(&mut tx, caller.user.id, Role::Admin).await?;
    member.role = Role::Owner;
    let after = json!({"email": member.email, "role": member.role, "former_owner": caller.user.email});
    caller
        .record(&mut tx, "organization.transfer", ("member", Some(id.0)), Some(before), Some(after))
        .await?;
    let shown = view_one(&mut tx, &caller, member).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}
