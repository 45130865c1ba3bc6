//! Sending an invitation anew.

use super::{Sender, Terms, audited, link, mail, sent};
use crate::{
    auth::cookie,
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    members::standing,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Permission, ResendInvitation, SentInvitation};
use causeway_store::invitations;
use uuid::Uuid;

/// Send an invitation anew
///
/// With a new link and more time. The link that was sent before is worthless from then on.
#[utoipa::path(
    post, path = "/invitations/{id}/resend", tag = "invitations", operation_id = "resendInvitation",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    request_body = ResendInvitation,
    responses(
        (status = 200, description = "Sent anew", body = SentInvitation),
        docs::Input, docs::Guarded, docs::Missing, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<Uuid>,
    Body(input): Body<ResendInvitation>,
) -> Result<Json<SentInvitation>, ApiError> {
    let mut check = Check::default();
    let terms = Terms::check(&state, &mut check, input.expires_in_days, input.delivery);
    check.done()?;
    let mut tx = caller.begin(&state).await?;
    let own = standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let before = invitations::lock_open(&mut tx, id).await?;
    standing::check_invite(&mut tx, &caller, own, before.role).await?;
    let (token, hash) = cookie::new_token();
    let link = link(&state, &token);
    let whom = (before.email.as_str(), before.role);
    let mailed = terms.by_mail && mail(&state, &mut tx, Sender::of(&caller), whom, &link, terms.days).await?;
    invitations::renew(&mut tx, id, &hash, mailed, terms.expires_at).await?;
    let after = invitations::lock_open(&mut tx, id).await?;
    let (target, lines) = (("invitation", Some(id)), (Some(audited(&before)), Some(audited(&after))));
    caller.record(&mut tx, "invitation.resend", target, lines.0, lines.1).await?;
    state.commit(tx).await?;
    Ok(Json(sent(after, link)))
}
