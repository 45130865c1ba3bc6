//! Coming in: what somebody who opens an invitation or a registration link can do. They are not signed in, and say by
//! the token of the link which organisation it is about; without the token there is nothing to be seen.

use crate::{
    error::{ApiError, BadLink},
    members::standing,
    origin::Origin,
    state::AdminState,
    watch,
};
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{AcceptedInvitation, OrganizationRef, Secret};
use causeway_store::{
    StoreError, TenantTx, audit,
    invitations::{self, Invitation},
    organisations, people, sign_in_rules,
    throttle::{self, Pace},
    users::{self, NewUser},
};
use chrono::Utc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(crate) mod accept;
pub(crate) mod finish;
pub(crate) mod preview;
pub(crate) mod progress;
pub(crate) mod register;

/// For one address that an organisation has invited.
const PACE: Pace = Pace { free: 5, longest: 300 };

/// SHA-256 of what somebody shows.
pub(crate) fn hash(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose().trim().as_bytes()).into()
}

/// Where an invitation leads, with the hash of its token.
pub(crate) async fn invited_to(state: &AdminState, token: &Secret) -> Result<(OrgId, [u8; 32]), ApiError> {
    let hash = hash(token);
    let org = invitations::organisation(&state.store.app, &hash).await?;
    Ok((org.ok_or(ApiError::Link(BadLink::Unknown))?, hash))
}

/// Whether an invitation can be accepted at this moment.
fn check_open(invitation: &Invitation) -> Result<(), ApiError> {
    if invitation.accepted {
        return Err(ApiError::Link(BadLink::Used));
    }
    if invitation.revoked {
        return Err(ApiError::Link(BadLink::Revoked));
    }
    if invitation.expires_at <= Utc::now() {
        return Err(ApiError::Link(BadLink::Expired));
    }
    Ok(())
}

/// Counts a try at whose an invitation is, by organisation and address: another link for the same address gives nobody
/// more tries. Returns what to forget when it was right. Nobody is kept from signing in by it.
pub(crate) async fn count_try(state: &AdminState, org: OrgId, email: &str) -> Result<String, ApiError> {
    let whose = Sha256::digest(email.trim().to_lowercase());
    let subject = format!("invitation:{org}:{}", hex::encode(&whose[..16]));
    let counted = throttle::attempt(&state.store.app, &subject, PACE).await?;
    counted.map_err(|seconds| ApiError::Throttled { seconds })?;
    Ok(subject)
}

/// Refuses what cannot succeed, before a password is computed, and writes it into the log of the organisation whose
/// invitation it is.
pub(crate) async fn look(
    state: &AdminState,
    org: OrgId,
    hash: &[u8; 32],
    email: &str,
    origin: &Origin,
) -> Result<(), ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let invitation = invitations::lock_shown(&mut tx, hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    drop(tx);
    let same = invitation.email.to_lowercase() == email.trim().to_lowercase();
    let open = check_open(&invitation);
    if let Err(error) = open.and_then(|()| if same { Ok(()) } else { Err(ApiError::WrongAddress) }) {
        let (target, why) = (("invitation", invitation.id), error.to_string());
        refused(state, org, "invitation.refuse", target, json!({"reason": why}), origin).await?;
        return Err(error);
    }
    Ok(())
}

/// The invitation with this token, if it can be accepted by who has this address. Two that accept it at once take turns,
/// and the second finds it used.
pub(crate) async fn take_invitation(
    tx: &mut TenantTx,
    hash: &[u8; 32],
    email: &str,
) -> Result<Invitation, ApiError> {
    sign_in_rules::lock_organisation(tx).await?;
    let invitation = invitations::lock_shown(tx, hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    check_open(&invitation)?;
    if invitation.email.to_lowercase() != email.trim().to_lowercase() {
        return Err(ApiError::WrongAddress);
    }
    Ok(invitation)
}

/// Makes a person a member by their invitation.
pub(crate) async fn accept(
    tx: &mut TenantTx,
    invitation: &Invitation,
    user: UserId,
    new: bool,
    origin: &Origin,
) -> Result<AcceptedInvitation, ApiError> {
    standing::admit(tx, user, invitation.role).await?;
    people::forgive(tx, user).await?;
    invitations::accept(tx, invitation.id, user).await?;
    if new && invitation.mailed {
        // Only the mailbox had the link.
        users::prove(tx, user).await?;
    }
    let after = json!({
        "email": invitation.email, "role": invitation.role, "new_person": new,
        "invited_by": invitation.invited_by.as_ref().map(|(_, name)| name),
    });
    record(tx, user, "invitation.accept", ("member", user.0), after, origin).await?;
    let organization = organization(tx).await?;
    Ok(AcceptedInvitation { organization, role: invitation.role, session: None })
}

/// Writes what was refused into the log of the organisation whose it is: a link may be one that was stolen.
async fn refused(
    state: &AdminState,
    org: OrgId,
    action: &str,
    target: (&str, Uuid),
    after: Value,
    origin: &Origin,
) -> Result<(), ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    record_refused(&mut tx, action, target, after, origin).await?;
    state.commit(tx).await
}

/// The same in a transaction that is there.
async fn record_refused(
    tx: &mut TenantTx,
    action: &str,
    target: (&str, Uuid),
    after: Value,
    origin: &Origin,
) -> Result<(), ApiError> {
    let address = origin.address_text();
    let line = watch::line(action, (target.0, Some(target.1)), &address, origin);
    Ok(audit::record(tx, audit::Line { after: Some(after), ..line }).await?)
}

/// The organisation of the transaction, by name.
async fn organization(tx: &mut TenantTx) -> Result<OrganizationRef, ApiError> {
    let org = organisations::get(tx, false).await?;
    Ok(OrganizationRef { id: org.id, name: org.name, slug: org.slug })
}

/// Makes a person.
pub(crate) async fn make_person(
    tx: &mut TenantTx,
    (email, name, locale): (&str, &str, &str),
    password_hash: &str,
) -> Result<UserId, ApiError> {
    let id = UserId(Uuid::now_v7());
    let new = NewUser { id, email, name, password_hash, is_operator: false };
    users::insert(tx, &new).await.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::Conflict(
            "somebody has taken this e-mail address at this very moment; try again".to_owned(),
        ),
        other => other.into(),
    })?;
    users::set_locale(tx, id, locale).await?;
    Ok(id)
}

/// One of the languages of the web admin.
fn locale(asked: Option<&str>) -> &'static str {
    match asked {
        Some("zh") => "zh",
        _ => "en",
    }
}

/// Writes what somebody did who was not signed in into the organisation's log.
async fn record(
    tx: &mut TenantTx,
    actor: UserId,
    action: &str,
    target: (&str, Uuid),
    after: Value,
    origin: &Origin,
) -> Result<(), ApiError> {
    let address = origin.address_text();
    let line = audit::Line {
        actor: audit::Actor::User(actor),
        action,
        target_kind: target.0,
        target_id: Some(target.1),
        after: Some(after),
        address: Some(&address).filter(|a| !a.is_empty()).map(String::as_str),
        request_id: Some(&origin.request_id),
        ..Default::default()
    };
    Ok(audit::record(tx, line).await?)
}
