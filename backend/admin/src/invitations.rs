//! Invitations as those who invite see them. How they are accepted is in [`crate::join`].

use crate::{
    check::Check,
    error::ApiError,
    guard::Caller,
    mail::words::{self, Language},
    state::AdminState,
};
use causeway_domain::Role;
use causeway_openapi::{Delivery, Invitation, Inviter, SentInvitation};
use causeway_store::{
    TenantTx,
    invitations::Invitation as Stored,
    throttle::{self, Pace},
    users,
};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod resend;
pub(crate) mod revoke;

/// Days for which an invitation is good, unless it says otherwise.
const USUAL_DAYS: u16 = 7;

fn shown(invitation: Stored) -> Invitation {
    Invitation {
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        invited_by: invitation.invited_by.map(|(id, name)| Inviter { id, name }),
        created_at: invitation.created_at,
        sent_at: invitation.sent_at,
        mailed: invitation.mailed,
        expires_at: invitation.expires_at,
    }
}

/// As the audit log keeps it.
fn audited(invitation: &Stored) -> Value {
    json!({
        "email": invitation.email, "role": invitation.role, "mailed": invitation.mailed,
        "expires_at": invitation.expires_at,
    })
}

/// How long a link is good and how it reaches its reader.
struct Terms {
    days: i64,
    expires_at: DateTime<Utc>,
    by_mail: bool,
}

impl Terms {
    fn check(state: &AdminState, check: &mut Check, days: Option<u16>, delivery: Option<Delivery>) -> Self {
        let days = crate::invitations::days(check, days);
        let mails = state.mailer.is_some();
        check.require(
            mails || delivery != Some(Delivery::Mail),
            "delivery",
            "must be link: this installation sends no mail",
        );
        let by_mail = mails && delivery != Some(Delivery::Link);
        Self { days, expires_at: Utc::now() + Duration::days(days), by_mail }
    }
}

/// Days for which a link is good.
pub(crate) fn days(check: &mut Check, days: Option<u16>) -> i64 {
    let days = days.unwrap_or(USUAL_DAYS);
    check.require((1..=90).contains(&days), "expires_in_days", "must be between 1 and 90");
    i64::from(days.clamp(1, 90))
}

/// Where an invitation is accepted. The token is the fragment, which browsers send to no server and no log has.
fn link(state: &AdminState, token: &str) -> String {
    format!("{}web/accept#{token}", state.public_url)
}

/// Mails a link. False when the mailer cannot take it, and the link is to be handed over instead.
async fn mail(
    state: &AdminState,
    tx: &mut TenantTx,
    caller: &Caller,
    (email, role): (&str, Role),
    link: &str,
    days: i64,
) -> Result<bool, ApiError> {
    let Some(mailer) = &state.mailer else { return Ok(false) };
    // One organisation must not fill other people's mailboxes, nor the queue that password resets wait in too.
    for (subject, pace) in [
        (format!("invites:{}", caller.org()), Pace { free: 100, longest: 3600 }),
        (format!("invites-to:{}", email.to_lowercase()), Pace { free: 5, longest: 3600 }),
    ] {
        let turn = throttle::attempt(&state.store.app, &subject, pace).await?;
        turn.map_err(|seconds| ApiError::Throttled { seconds })?;
    }
    // Somebody who is new reads, as far as anybody knows, what the person who invites them reads.
    let locale = users::locale_of(tx, email).await?;
    let language = Language::of(locale.as_deref().unwrap_or(&caller.user.locale));
    let letter = words::invitation(language, &caller.organization.name, &caller.user.name, role, link, days);
    Ok(mailer.send(email, &letter))
}

/// The answer with the link, unless it was mailed.
fn sent(invitation: Stored, link: String) -> SentInvitation {
    let link = (!invitation.mailed).then(|| link.into());
    SentInvitation { invitation: shown(invitation), link }
}
