//! Inviting somebody.

use super::{Terms, audited, link, mail, sent};
use crate::{
    auth::cookie,
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
use causeway_store::{
    StoreError,
    invitations::{self, NewInvitation},
    members,
};
use http::StatusCode;
use uuid::Uuid;

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
    standing::check_grant(own, role)?;
    if members::has_email(&mut tx, &email).await? {
        return Err(ApiError::Conflict(format!("{email} is a member already")));
    }
    let (token, hash) = cookie::new_token();
    let link = link(&state, &token);
    let mailed = terms.by_mail && mail(&state, &mut tx, &caller, (&email, role), &link, terms.days).await?;
    let new = NewInvitation {
        id: Uuid::now_v7(),
        email: &email,
        role,
        hash,
        invited_by: caller.user.id,
        mailed,
        expires_at: terms.expires_at,
    };
    invitations::insert(&mut tx, &new).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            ApiError::Conflict(format!("{email} has an invitation already; resend or revoke that one"))
        }
        other => other.into(),
    })?;
    let made = invitations::lock_open(&mut tx, new.id).await?;
    let target = ("invitation", Some(new.id));
    caller.record(&mut tx, "invitation.create", target, None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(sent(made, link))))
}
