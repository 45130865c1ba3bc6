//! Credentials as whoever refreshes them sees them: with the version that says which one is meant. Every write here names
//! the version that it replaces and changes nothing where another one is in force by now, so that of two who refresh at
//! once, or of a job and a person, only one is heard. All of it is done by the jobs' role, which may touch nothing else of
//! an account; accounts that a person has switched off are left alone by [`due`] and by who asks.

pub mod lease;

use crate::{
    JobsDb, StoreError, StoreResult,
    audit::{self, Actor, Line},
    policy,
    tenant::PolicyChange,
};
use causeway_domain::{AccountId, OrgId, provider::Provider};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::fmt;

/// The longest reason kept, in characters.
const LONGEST_REASON: usize = 500;

/// The credential of an account, with how it stands.
#[derive(Clone)]
pub struct Held {
    /// Kind of provider.
    pub provider: Provider,
    /// Where its API is; the seal covers the origin.
    pub base_url: String,
    /// The sealed credential.
    pub credential: Vec<u8>,
    /// Grows with every credential.
    pub version: i64,
    /// When what requests carry ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its provider does not accept it any more: only a person can help.
    pub dead: bool,
    /// Why it is dead, or could not be refreshed the last time.
    pub reason: Option<String>,
    /// When it was refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// How often in a row it could not be.
    pub failures: u32,
    /// Nobody asks the issuer before then.
    pub after: Option<DateTime<Utc>>,
    /// Whether requests may go to the account.
    pub enabled: bool,
}

/// A credential that should be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// Kind of provider, which knows how long before its end it is refreshed.
    pub provider: Provider,
    /// Which credential.
    pub version: i64,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Which credential is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// The version that must be in force.
    pub version: i64,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("version", &self.version)
            .field("dead", &self.dead)
            .finish_non_exhaustive()
    }
}

/// The credential of an account; `None` when there is no such account, or it is deleted.
pub async fn held(db: &JobsDb, org: OrgId, account: AccountId) -> StoreResult<Option<Held>> {
    let row = sqlx::query!(
        "select provider, base_url, credential, credential_version, credential_expires_at, credential_state,
           credential_reason, refreshed_at, refresh_failures, refresh_after, enabled
         from upstream_accounts where org_id = $1 and id = $2 and deleted_at is null",
        org.0,
        account.0
    )
    .fetch_optional(&db.0)
    .await?;
    row.map(|r| {
        Ok(Held {
            provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
            base_url: r.base_url,
            credential: r.credential,
            version: r.credential_version,
            expires_at: r.credential_expires_at,
            dead: r.credential_state == "dead",
            reason: r.credential_reason,
            refreshed_at: r.refreshed_at,
            failures: u32::try_from(r.refresh_failures).unwrap_or(0),
            after: r.refresh_after,
            enabled: r.enabled,
        })
    })
    .transpose()
}

/// What ends before a moment and is in use, soonest first: of organisations that are not suspended, and not where the
/// issuer has just been asked in vain.
pub async fn due(db: &JobsDb, before: DateTime<Utc>, most: i64) -> StoreResult<Vec<Due>> {
    let rows = sqlx::query!(
        r#"select a.org_id, a.id, a.provider, a.credential_version, a.credential_expires_at as "expires_at!"
           from upstream_accounts a join organisations o on o.id = a.org_id
           where a.credential_expires_at < $1 and a.credential_state = 'ok' and a.enabled and a.deleted_at is null
             and a.credential_kind in ('oauth', 'service_account') and (a.refresh_after is null or a.refresh_after <= now())
             and o.status = 'active'
           order by a.credential_expires_at limit $2"#,
        before,
        most
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Due {
                org: OrgId(r.org_id),
                account: AccountId(r.id),
                provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
                version: r.credential_version,
                expires_at: r.expires_at,
            })
        })
        .collect()
}

/// Puts a fresh credential in the place of the one that it was had for. `None` when another is in force: then the fresh one
/// is not kept. Also where a person has switched the account off meanwhile: the old one is worth nothing any more.
pub async fn rotate(
    db: &JobsDb,
    at: At,
    credential: &[u8],
    expires_at: Option<DateTime<Utc>>,
) -> StoreResult<Option<PolicyChange>> {
    let mut tx = db.0.begin().await?;
    let done = sqlx::query!(
        "update upstream_accounts set credential = $4, credential_version = credential_version + 1,
           credential_expires_at = $5, credential_reason = null, refreshed_at = now(), refresh_failures = 0,
           refresh_after = null
         where org_id = $1 and id = $2 and credential_version = $3 and deleted_at is null",
        at.org.0,
        at.account.0,
        at.version,
        credential,
        expires_at
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let version = policy::bump(&mut tx, at.org).await?;
    tx.commit().await?;
    Ok(Some(PolicyChange { org: at.org, version }))
}

/// Marks a credential that its issuer has declared void, so that nobody uses it until a person enters or authorises another;
/// the audit log says so.
pub async fn bury(db: &JobsDb, at: At, reason: &str) -> StoreResult<Option<PolicyChange>> {
    let reason = short(reason);
    let mut tx = db.0.begin().await?;
    let name = sqlx::query_scalar!(
        "update upstream_accounts set credential_state = 'dead', credential_reason = $4, refresh_after = null,
           death_told_at = null
         where org_id = $1 and id = $2 and credential_version = $3 and credential_state = 'ok' and deleted_at is null
         returning name",
        at.org.0,
        at.account.0,
        at.version,
        reason
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(name) = name else { return Ok(None) };
    let line = Line {
        actor: Actor::Job,
        action: "account.credential_dead",
        target_kind: "account",
        target_id: Some(at.account.0),
        before: Some(json!({"name": name, "credential_state": "ok"})),
        after: Some(json!({"name": name, "credential_state": "dead", "reason": reason})),
        ..Line::default()
    };
    audit::write(&mut tx, Some(at.org.0), line).await?;
    let version = policy::bump(&mut tx, at.org).await?;
    tx.commit().await?;
    Ok(Some(PolicyChange { org: at.org, version }))
}

/// Notes that the issuer could not be asked, and until when nobody need try. `over` where what requests carry is known to be
/// refused, whenever it should end. Where that keeps requests away from the account, its organisation's policy changes.
pub async fn postpone(
    db: &JobsDb,
    at: At,
    reason: &str,
    until: DateTime<Utc>,
    over: bool,
) -> StoreResult<Option<PolicyChange>> {
    let mut tx = db.0.begin().await?;
    let ends = sqlx::query_scalar!(
        "update upstream_accounts set credential_reason = $4, refresh_failures = least(refresh_failures + 1, 1000),
           refresh_after = $5,
           credential_expires_at = case when $6 then least(credential_expires_at, now()) else credential_expires_at end
         where org_id = $1 and id = $2 and credential_version = $3 and deleted_at is null
         returning credential_expires_at",
        at.org.0,
        at.account.0,
        at.version,
        short(reason),
        until,
        over
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(ends) = ends else { return Ok(None) };
    let change = if over || ends.is_none_or(|ends| ends <= until) {
        Some(PolicyChange { org: at.org, version: policy::bump(&mut tx, at.org).await? })
    } else {
        None
    };
    tx.commit().await?;
    Ok(change)
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests;
