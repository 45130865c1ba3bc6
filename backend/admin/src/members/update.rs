//! Changing a member.

use super::{audited, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{Member, UpdateMember};
use causeway_store::members;

/// Change a member
///
/// Sets the limits that hold over all of the member's keys, replaced as a whole. In force from the next request on, on
/// every instance.
#[utoipa::path(
    patch, path = "/members/{id}", tag = "members", operation_id = "updateMember",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    request_body = UpdateMember,
    responses(
        (status = 200, description = "The member as they are now", body = Member),
        docs::Input, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<UserId>,
    Body(input): Body<UpdateMember>,
) -> Result<Json<Member>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut member = members::get(&mut tx, id, None, true).await?;
    let before = audited(&member);
    if let Some(limits) = input.limits {
        let mut check = Check::default();
        check.limits("limits", &limits);
        check.done()?;
        member.limits = limits;
        members::set_limits(&mut tx, id, &member.limits).await?;
        let target = ("member", Some(id.0));
        caller.record(&mut tx, "member.update", target, Some(before), Some(audited(&member))).await?;
    }
    let shown = view_one(&mut tx, &caller, member).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}
