//! Reminding somebody of an invitation to share.

use super::{Message, audited, ended, sent, tell};
use crate::{
    accounts::preset,
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    invitations::Terms,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ResendInvitation, SentShare};
use causeway_store::shares;
use uuid::Uuid;

/// Remind somebody of an invitation to share
///
/// Tells them once more and gives them more time, also where it has expired. Of somebody who is no member yet, the link that
/// was sent before is worthless from then on.
#[utoipa::path(
    post, path = "/shares/{id}/remind", tag = "shares", operation_id = "remindShare",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    request_body = ResendInvitation,
    responses(
        (status = 200, description = "Reminded", body = SentShare),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<Uuid>,
    Body(input): Body<ResendInvitation>,
) -> Result<Json<SentShare>, ApiError> {
    let mut check = Check::default();
    let terms = Terms::check(&state, &mut check, input.expires_in_days, input.delivery);
    check.done()?;
    // Before anything holds a connection, because the catalogue takes one.
    let provider = shares::lock(&mut caller.begin(&state).await?, id).await?.provider;
    let preset = preset(&state, provider).await?;
    let mut tx = caller.begin(&state).await?;
    let before = shares::lock(&mut tx, id).await?;
    if let Some(why) = ended(&before) {
        return Err(ApiError::Conflict(why.to_owned()));
    }
    let told = Message { share: id, email: &before.email, provider: &preset.name, text: &before.message };
    let told = tell(&state, &caller, &mut tx, &told, &terms).await?;
    shares::renew(&mut tx, id, told.invitation, told.mailed, terms.expires_at()).await?;
    let after = shares::lock(&mut tx, id).await?;
    let (target, lines) = (("share", Some(id)), (Some(audited(&before)), Some(audited(&after))));
    caller.record(&mut tx, "share.remind", target, lines.0, lines.1).await?;
    state.commit(tx).await?;
    Ok(Json(sent(after, told.link)))
}
