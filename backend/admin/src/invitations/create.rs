//! Inviting somebody.

use super::{Sender, Terms, audited, invite, sent};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    members::standing,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::Role;
use causeway_openapi::{CreateInvitation, Permission, SentInvitation};
use causeway_store::members;
use http::StatusCode;

/// Invite somebody
///
/// Makes an invitation for one address, good for one use. It is mailed, or the answer has its link, which is stored only
/// as a hash and never shown again. An address can have one invitation at a time: resend or revoke the one that is open.
#[utoipa::path(
    post, path = "/invitations", tag = "invitations", operation_id = "createInvitation",
    request_body = CreateInvitation,
    responses(
        (status = 201, description = "Invited", body = SentInvitation),
        docs::Input, docs::Guarded, docs::Clash, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Body(input): Body<CreateInvitation>,
) -> Result<(StatusCode, Json<SentInvitation>), ApiError> {
    let mut check = Check::default();
    let email = check.email("email", &input.email);
    let terms = Terms::check(&state, &mut check, input.expires_in_days, input.delivery);
    check.done()?;
    let role = input.role.unwrap_or(Role::Member);
    let mut tx = caller.begin(&state).await?;
    let own = standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    standing::check_invite(&mut tx, &caller, own, role).await?;
    if members::has_email(&mut tx, &email).await? {
        return Err(ApiError::Conflict(format!("{email} is a member already")));
    }
    let (made, link) = invite(&state, &mut tx, Sender::of(&caller), (&email, role), &terms).await?;
    let target = ("invitation", Some(made.id));
    caller.record(&mut tx, "invitation.create", target, None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(sent(made, link))))
}
