//! Reading a member.

use super::view_one;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::Member;
use causeway_store::members;

/// Read a member
///
/// One member with what they have used today.
#[utoipa::path(
    get, path = "/members/{id}", tag = "members", operation_id = "getMember",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the person")),
    responses((status = 200, description = "The member", body = Member), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersRead>,
    Place(id): Place<UserId>,
) -> Result<Json<Member>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let member = members::get(&mut tx, id, caller.sees(), false).await?;
    Ok(Json(view_one(&mut tx, &caller, member).await?))
}
