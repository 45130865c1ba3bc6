//! How a member's limits stand.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    limits,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::LimitsInUse;
use causeway_store::{hold::ScopeId, members};

/// Read how a member's limits stand
///
/// Used, reserved and remaining of each limit of one member, over all of their keys, at this moment, and when it begins
/// anew.
#[utoipa::path(
    get, path = "/members/{id}/limits", tag = "members", operation_id = "getMemberLimits",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses(
        (status = 200, description = "The limits", body = LimitsInUse),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersRead>,
    Place(id): Place<UserId>,
) -> Result<Json<LimitsInUse>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let member = members::get(&mut tx, id, caller.sees(), false).await?;
    Ok(Json(limits::in_use(&state, &caller, &mut tx, ScopeId::Member(id), &member.limits).await?))
}
