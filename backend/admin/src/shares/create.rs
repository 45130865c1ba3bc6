//! Inviting somebody to share.

use super::{Message, audited, needs_address, sent, tell};
use crate::{
    accounts::preset,
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    invitations::Terms,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{CreateShare, SentShare};
use causeway_store::{
    pools,
    shares::{self, NewShare},
};
use http::StatusCode;
use uuid::Uuid;

/// The pools that an account may be put into at once.
const MOST_POOLS: usize = 10;
/// Invitations to share that may wait for one address.
const MOST_OPEN: i64 = 20;

/// Invite somebody to share an account
///
/// Asks whoever has an e-mail address to lend an upstream account of theirs: they give its credential themselves, and renew
/// and withdraw it themselves. It is mailed, or the answer has the link. Somebody who is no member is invited into the
/// organisation along with it, as a contributor, for which `members.write` is needed too.
#[utoipa::path(
    post, path = "/shares", tag = "shares", operation_id = "createShare",
    request_body = CreateShare,
    responses(
        (status = 201, description = "Invited", body = SentShare),
        docs::Input, docs::Guarded, docs::Clash, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<CreateShare>,
) -> Result<(StatusCode, Json<SentShare>), ApiError> {
    let mut check = Check::default();
    let email = check.email("email", &input.email);
    let name = input.name.as_ref().map(|name| check.text("name", name, 1..=100));
    let message = check.text("message", &input.message, 0..=500);
    let terms = Terms::check(&state, &mut check, input.expires_in_days, input.delivery);
    check.require(input.pool_ids.len() <= MOST_POOLS, "pool_ids", "must be at most 10");
    check.done()?;
    let preset = preset(&state, input.provider).await?;
    if input.base_url.is_none() && needs_address(&preset) {
        return Err(ApiError::field("base_url", "is needed for this provider"));
    }
    let base_url = input.base_url.as_deref().map(|text| state.addresses.base_url(text));
    let base_url = base_url.transpose().map_err(|bad| ApiError::field("base_url", bad.to_string()))?;
    let base_url = base_url.map(|base| base.to_string());
    let mut tx = caller.begin(&state).await?;
    let known = pools::known(&mut tx, &input.pool_ids).await?;
    if input.pool_ids.iter().any(|pool| !known.contains(pool)) {
        return Err(ApiError::field("pool_ids", "must be pools of this organisation"));
    }
    if shares::open_at(&mut tx, &email).await? >= MOST_OPEN {
        return Err(ApiError::Conflict(format!("{MOST_OPEN} invitations to share wait for {email} already")));
    }
    let id = Uuid::now_v7();
    let told = Message { share: id, email: &email, provider: &preset.name, text: &message };
    let told = tell(&state, &caller, &mut tx, &told, &terms).await?;
    let new = NewShare {
        id,
        email: &email,
        provider: input.provider,
        name: name.as_deref(),
        pools: &input.pool_ids,
        base_url: base_url.as_deref(),
        message: &message,
        invited_by: caller.user.id,
        invitation: told.invitation,
        mailed: told.mailed,
        expires_at: terms.expires_at(),
    };
    shares::insert(&mut tx, &new).await?;
    let made = shares::lock(&mut tx, id).await?;
    caller.record(&mut tx, "share.create", ("share", Some(id)), None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(sent(made, told.link))))
}
