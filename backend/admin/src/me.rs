//! Who is calling.

use crate::{docs, error::ApiError, guard::Caller, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::{Me, Membership, OrganizationRef, Permission};
use causeway_store::memberships;

/// Describe the caller
///
/// The person behind the access token, the organisation entered, what they may do there, and the other organisations
/// that they may enter by sending `x-organization`.
#[utoipa::path(
    get, path = "/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "The caller", body = Me), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(State(state): State<AdminState>, caller: Caller) -> Result<Json<Me>, ApiError> {
    let homes = memberships::of(&state.store.app, caller.user.id).await?;
    let memberships = homes
        .into_iter()
        .map(|m| Membership {
            organization: OrganizationRef { id: m.org, name: m.name, slug: m.slug },
            role: m.role,
        })
        .collect();
    Ok(Json(Me {
        permissions: Permission::of(caller.role),
        user: caller.user,
        organization: caller.organization,
        role: caller.role,
        is_operator: caller.is_operator,
        memberships,
    }))
}
