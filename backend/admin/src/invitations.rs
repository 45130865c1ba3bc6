//! Invitations as those who invite see them. How they are accepted is in [`crate::join`].

use crate::{
    auth::cookie,
    check::Check,
    error::ApiError,
    guard::Caller,
    mail::{
        Letter,
        words::{self, Language},
    },
    state::AdminState,
};
use causeway_domain::{OrgId, Role, UserId};
use causeway_openapi::{Delivery, Invitation, Inviter, SentInvitation};
use causeway_store::{
    StoreError, TenantTx,
    invitations::{self, Invitation as Stored, NewInvitation},
    throttle::{self, Pace},
    users,
};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

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
pub(crate) fn audited(invitation: &Stored) -> Value {
    json!({
        "email": invitation.email, "role": invitation.role, "mailed": invitation.mailed,
        "expires_at": invitation.expires_at,
    })
}

/// How long a link is good and how it reaches its reader.
pub(crate) struct Terms {
    days: i64,
    expires_at: DateTime<Utc>,
    by_mail: bool,
}

impl Terms {
    pub(crate) fn check(
        state: &AdminState,
        check: &mut Check,
        days: Option<u16>,
        delivery: Option<Delivery>,
    ) -> Self {
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

    /// Until when.
    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// In days.
    pub(crate) fn days(&self) -> i64 {
        self.days
    }

    /// Whether it is to be mailed, and can be.
    pub(crate) fn by_mail(&self) -> bool {
        self.by_mail
    }
}

/// Days for which a link is good.
pub(crate) fn days(check: &mut Check, days: Option<u16>) -> i64 {
    let days = days.unwrap_or(USUAL_DAYS);
    check.require((1..=90).contains(&days), "expires_in_days", "must be between 1 and 90");
    i64::from(days.clamp(1, 90))
}

/// Where an invitation is accepted. The token is the fragment, which browsers send to no server and no log has.
pub(crate) fn link(state: &AdminState, token: &str) -> String {
    format!("{}web/accept#{token}", state.public_url)
}

/// In whose name somebody is invited.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) org: OrgId,
    pub(crate) organization: &'a str,
    pub(crate) id: UserId,
    pub(crate) name: &'a str,
    pub(crate) locale: &'a str,
}

impl<'a> Sender<'a> {
    pub(crate) fn of(caller: &'a Caller) -> Self {
        Self {
            org: caller.org(),
            organization: &caller.organization.name,
            id: caller.user.id,
            name: &caller.user.name,
            locale: &caller.user.locale,
        }
    }
}

/// Makes an invitation and mails it, if it is to be mailed. The invitation, and its link for when it was not.
pub(crate) async fn invite(
    state: &AdminState,
    tx: &mut TenantTx,
    sender: Sender<'_>,
    (email, role): (&str, Role),
    terms: &Terms,
) -> Result<(Stored, String), ApiError> {
    let (token, hash) = cookie::new_token();
    let link = link(state, &token);
    let mailed = terms.by_mail && mail(state, tx, sender, (email, role), &link, terms.days).await?;
    let new = NewInvitation {
        id: Uuid::now_v7(),
        email,
        role,
        hash,
        invited_by: sender.id,
        mailed,
        expires_at: terms.expires_at,
    };
    invitations::insert(tx, &new).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            ApiError::Conflict(format!("{email} has an invitation already; resend or revoke that one"))
        }
        other => other.into(),
    })?;
    Ok((invitations::lock_open(tx, new.id).await?, link))
}

/// Mails a link to join. False when the mailer cannot take it, and the link is to be handed over instead.
async fn mail(
    state: &AdminState,
    tx: &mut TenantTx,
    sender: Sender<'_>,
    (email, role): (&str, Role),
    link: &str,
    days: i64,
) -> Result<bool, ApiError> {
    let letter = |language| words::invitation(language, sender.organization, sender.name, role, link, days);
    post(state, tx, sender, email, letter).await
}

/// Mails a letter to somebody who is asked for something. False when the mailer cannot take it.
pub(crate) async fn post(
    state: &AdminState,
    tx: &mut TenantTx,
    sender: Sender<'_>,
    email: &str,
    letter: impl FnOnce(Language) -> Letter,
) -> Result<bool, ApiError> {
    let Some(mailer) = &state.mailer else { return Ok(false) };
    // One organisation must not fill other people's mailboxes, nor the queue that password resets wait in too.
    for (subject, pace) in [
        (format!("invites:{}", sender.org), Pace { free: 100, longest: 3600 }),
        (format!("invites-to:{}", email.to_lowercase()), Pace { free: 5, longest: 3600 }),
    ] {
        let turn = throttle::attempt(&state.store.app, &subject, pace).await?;
        turn.map_err(|seconds| ApiError::Throttled { seconds })?;
    }
    // Somebody who is new reads, as far as anybody knows, what the person who invites them reads.
    let locale = users::locale_of(tx, email).await?;
    let language = Language::of(locale.as_deref().unwrap_or(sender.locale));
    Ok(mailer.send(email, &letter(language)))
}

/// The answer with the link, unless it was mailed.
pub(crate) fn sent(invitation: Stored, link: String) -> SentInvitation {
    let link = (!invitation.mailed).then(|| link.into());
    SentInvitation { invitation: shown(invitation), link }
}
