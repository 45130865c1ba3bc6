//! Accepting an invitation by somebody who is signed in.

use crate::{docs, error::ApiError, extract::Body, guard::Person, join, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::{AcceptedInvitation, ShownToken};
use causeway_store::{TenantTx, sso, throttle};

/// Accept an invitation, signed in
///
/// Makes the caller a member of the organisation that invited them; enter it by sending `x-organization`. The invitation
/// must be for the caller's own address. For people, not for API tokens.
#[utoipa::path(
    post, path = "/me/memberships", tag = "me", operation_id = "joinOrganization",
    request_body = ShownToken,
    responses(
        (status = 200, description = "A member", body = AcceptedInvitation),
        docs::Link, docs::Guarded, docs::Full, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, session }: Person,
    Body(input): Body<ShownToken>,
) -> Result<Json<AcceptedInvitation>, ApiError> {
    if sso::sessions::confinement(&state.store.app, session).await?.is_some() {
        return Err(ApiError::Forbidden(
            "this session began at an organisation's own issuer and enters that organisation only; sign in with your \
             password to join another"
                .to_owned(),
        ));
    }
    let (org, hash) = join::invited_to(&state, &input.token).await?;
    let subject = join::count_try(&state, org, &caller.user.email).await?;
    join::look(&state, org, &hash, &caller.user.email, &caller.origin).await?;
    throttle::forget(&state.store.app, &subject).await?;
    let mut tx = TenantTx::begin(&state.store.app, org, Some(caller.user.id)).await?;
    let invitation = join::take_invitation(&mut tx, &hash, &caller.user.email).await?;
    let accepted = join::accept(&mut tx, &invitation, caller.user.id, false, &caller.origin).await?;
    state.commit(tx).await?;
    Ok(Json(accepted))
}
