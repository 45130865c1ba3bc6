//! Changing a member.

use super::{audited, standing, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{Role, UserId};
use causeway_openapi::{Member, Permission, UpdateMember};
use causeway_store::{
    TenantTx,
    members::{self, Member as Stored},
    people,
};

/// Change a member
///
/// Sets the role, which counts from the member's next call on, and the limits that hold over all of the member's keys,
/// replaced as a whole, which are in force from the next request on. Nobody can make anybody more than they are
/// themselves, and owners are changed by owners only; the last one stays one. Who is made less than what it takes to
/// invite somebody loses the invitations that nobody has accepted yet.
#[utoipa::path(
    patch, path = "/members/{id}", tag = "members", operation_id = "updateMember",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    request_body = UpdateMember,
    responses(
        (status = 200, description = "The member as they are now", body = Member),
        docs::Input, docs::Guarded, docs::Missing, docs::Owners, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<UserId>,
    Body(input): Body<UpdateMember>,
) -> Result<Json<Member>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let own = standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let mut member = members::get(&mut tx, id, None, true).await?;
    let before = audited(&member);
    if let Some(limits) = input.limits {
        let mut check = Check::default();
        check.limits("limits", &limits);
        check.done()?;
        if id != caller.user.id {
            standing::check_reach(own, member.role)?;
        }
        member.limits = limits;
        members::set_limits(&mut tx, id, &member.limits).await?;
    }
    if let Some(role) = input.role {
        set_role(&mut tx, own, &mut member, role).await?;
    }
    let after = audited(&member);
    if after != before {
        let target = ("member", Some(id.0));
        caller.record(&mut tx, "member.update", target, Some(before), Some(after)).await?;
    }
    let shown = view_one(&mut tx, &caller, member).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}

async fn set_role(tx: &mut TenantTx, own: Role, member: &mut Stored, role: Role) -> Result<(), ApiError> {
    if role == member.role {
        return Ok(());
    }
    standing::check_reach(own, member.role)?;
    standing::check_grant(own, role)?;
    standing::keep_an_owner(tx, member.role).await?;
    people::set_role(tx, member.id, role).await?;
    if role < member.role {
        standing::lose_invitations(tx, member.id, role).await?;
    }
    member.role = role;
    Ok(())
}
