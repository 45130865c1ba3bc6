//! Invitations to share an upstream account, as those who invite see them. How they are followed is in [`crate::me`].

use crate::{
    accounts::authorizations::view::usual_address,
    auth::cookie,
    error::ApiError,
    guard::Caller,
    invitations::{self as joining, Sender, Terms},
    mail::words,
    members::standing,
    state::AdminState,
};
use causeway_accounts::Preset;
use causeway_domain::Role;
use causeway_openapi::{Inviter, Permission, SentShare, Share, ShareState};
use causeway_store::{
    TenantTx,
    invitations::{self, NewInvitation},
    members,
    shares::{Outcome, Share as Stored},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod remind;
pub(crate) mod revoke;

/// As the API shows it.
pub(crate) fn shown(share: Stored) -> Share {
    let state = state(&share, Utc::now());
    let inviter = |(id, name)| Inviter { id, name };
    Share {
        id: share.id,
        email: share.email,
        person: share.person.map(inviter),
        provider: share.provider,
        name: share.name,
        pool_ids: share.pools,
        base_url: share.base_url,
        message: share.message,
        state,
        invited_by: share.invited_by.map(inviter),
        created_at: share.created_at,
        sent_at: share.sent_at,
        mailed: share.mailed,
        expires_at: share.expires_at,
        account_id: share.account,
    }
}

fn state(share: &Stored, now: DateTime<Utc>) -> ShareState {
    match share.outcome {
        Some(Outcome::Accepted) => ShareState::Accepted,
        Some(Outcome::Declined) => ShareState::Declined,
        Some(Outcome::Revoked) => ShareState::Revoked,
        None if share.expires_at <= now => ShareState::Expired,
        None => ShareState::Open,
    }
}

/// Why nothing can come of one any more; `None` while it waits, expired or not.
pub(crate) fn ended(share: &Stored) -> Option<&'static str> {
    share.outcome.map(|outcome| match outcome {
        Outcome::Accepted => "an account was shared by this invitation already; make another one",
        Outcome::Declined => "this invitation was declined; make another one",
        Outcome::Revoked => "this invitation was taken back; make another one",
    })
}

/// As the audit log keeps it.
pub(crate) fn audited(share: &Stored) -> Value {
    json!({
        "email": share.email, "provider": share.provider, "name": share.name, "pool_ids": share.pools,
        "base_url": share.base_url, "message": share.message, "mailed": share.mailed, "expires_at": share.expires_at,
    })
}

/// Whether an account at the provider can only be added where somebody says its address.
pub(crate) fn needs_address(preset: &Preset) -> bool {
    preset.base_url.is_none() && usual_address(preset).is_none()
}

/// The answer with the link, unless it was mailed.
fn sent(share: Stored, link: String) -> SentShare {
    let link = (!share.mailed).then(|| link.into());
    SentShare { share: shown(share), link }
}

/// What somebody is told.
struct Message<'a> {
    share: Uuid,
    email: &'a str,
    provider: &'a str,
    text: &'a str,
}

/// How they were told.
struct Told {
    link: String,
    mailed: bool,
    /// The invitation into the organisation that they have to accept first.
    invitation: Option<Uuid>,
}

/// Tells somebody of an invitation to share. Who is no member is invited into the organisation by it, as somebody who shares
/// accounts and does nothing else; an invitation that they have already gets a new link and stays what it is.
async fn tell(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    message: &Message<'_>,
    terms: &Terms,
) -> Result<Told, ApiError> {
    if members::has_email(tx, message.email).await? {
        let link = format!("{}web/share?invitation={}", state.public_url, message.share);
        let mailed = mail(state, caller, tx, message, &link, terms).await?;
        return Ok(Told { link, mailed, invitation: None });
    }
    caller.demand(Permission::MembersWrite)?;
    let own = standing::take_turn_with(tx, caller, Permission::MembersWrite).await?;
    let known = invitations::lock_open_for(tx, message.email).await?;
    let role = known.as_ref().map_or(Role::Contributor, |known| known.role);
    standing::check_invite(tx, caller, own, role).await?;
    let (token, hash) = cookie::new_token();
    let link = joining::link(state, &token);
    let mailed = mail(state, caller, tx, message, &link, terms).await?;
    let expires_at = terms.expires_at();
    let (action, id, before) = match known {
        Some(known) => {
            invitations::renew(tx, known.id, &hash, mailed, expires_at).await?;
            ("invitation.resend", known.id, Some(joining::audited(&known)))
        }
        None => {
            let (id, email, invited_by) = (Uuid::now_v7(), message.email, caller.user.id);
            let new = NewInvitation { id, email, role, hash, invited_by, mailed, expires_at };
            invitations::insert(tx, &new).await?;
            ("invitation.create", id, None)
        }
    };
    let after = joining::audited(&invitations::lock_open(tx, id).await?);
    caller.record(tx, action, ("invitation", Some(id)), before, Some(after)).await?;
    Ok(Told { link, mailed, invitation: Some(id) })
}

/// False when the mailer cannot take it, and the link is to be handed over instead.
async fn mail(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    message: &Message<'_>,
    link: &str,
    terms: &Terms,
) -> Result<bool, ApiError> {
    if !terms.by_mail() {
        return Ok(false);
    }
    let sender = Sender::of(caller);
    let letter = |language| {
        let (organization, inviter) = (sender.organization, sender.name);
        words::share(language, organization, inviter, message.provider, message.text, link, terms.days())
    };
    joining::post(state, tx, sender, message.email, letter).await
}
