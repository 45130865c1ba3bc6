//! Who is calling, and their own account: it belongs to no organisation, and each changes only their own.

pub(crate) mod accounts;
pub(crate) mod authenticator;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod update;

pub(crate) mod join;
pub(crate) mod leave;

use crate::{
    docs,
    error::ApiError,
    guard::{By, Caller},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Me, Membership, MyToken, OrganizationRef, Permission};
use causeway_store::memberships;

/// Describe the caller
///
/// The person behind the access token or the API token, the organisation entered, what they may do there, and the other organisations
/// that they may enter by sending `x-organization`.
#[utoipa::path(
    get, path = "/me", tag = "me", operation_id = "getMe",
    responses((status = 200, description = "The caller", body = Me), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(State(state): State<AdminState>, caller: Caller) -> Result<Json<Me>, ApiError> {
    let homes = memberships::of(&state.store.app, caller.user.id).await?;
    let token = match &caller.by {
        By::Session(_) => None,
        By::Token(token) => Some(MyToken {
            id: token.id,
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            expires_at: token.expires_at,
        }),
    };
    let memberships = homes
        .into_iter()
        .filter(|m| token.is_none() || m.org == caller.org())
        .map(|m| Membership {
            organization: OrganizationRef { id: m.org, name: m.name, slug: m.slug },
            role: m.role,
        })
        .collect();
    Ok(Json(Me {
        permissions: Permission::ALL.iter().copied().filter(|p| caller.may(*p)).collect(),
        suspended: caller.suspended,
        entered: caller.entered,
        user: caller.user,
        organization: caller.organization,
        role: caller.role,
        is_operator: caller.is_operator,
        memberships,
        token,
    }))
}
