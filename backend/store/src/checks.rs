//! Scheduled checks of accounts: when each is due, and what they have found.

use crate::{JobsDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

/// How many of each account are kept.
pub const KEPT: i64 = 100;

/// The word that stands for an account which is never checked, whatever its organisation says.
pub const OFF: &str = "off";

/// An account that is checked from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// When, as entered.
    pub schedule: String,
    /// In which time zone.
    pub zone: Tz,
}

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The minute that it was due.
    pub due_at: DateTime<Utc>,
    /// `None` while it runs, or when its instance died meanwhile.
    pub outcome: Option<Value>,
    /// It has ended a rest of the account.
    pub ended_rest: bool,
}

/// Every account with a schedule that is in use, of every organisation that is.
pub async fn scheduled(db: &JobsDb) -> StoreResult<Vec<Scheduled>> {
    let rows = sqlx::query!(
        r#"select a.org_id, a.id, coalesce(a.check_schedule, o.check_schedule) as "schedule!", o.time_zone
           from upstream_accounts a join organisations o on o.id = a.org_id
           where a.deleted_at is null and a.enabled and o.status = 'active'
             and coalesce(a.check_schedule, o.check_schedule, 'off') <> 'off'
           order by a.org_id, a.id"#
    )
    .fetch_all(&db.0)
    .await?;
    let scheduled = rows.into_iter().map(|r| {
        Ok(Scheduled {
            org: OrgId(r.org_id),
            account: AccountId(r.id),
            schedule: r.schedule,
            zone: r.time_zone.parse().map_err(|e| StoreError::corrupt("time zone", e))?,
        })
    });
    scheduled.collect()
}

/// Takes on a check. False when somebody has: of all instances, one runs it.
pub async fn take(db: &JobsDb, org: OrgId, account: AccountId, due_at: DateTime<Utc>) -> StoreResult<bool> {
    let taken = sqlx::query!(
        "insert into account_checks (org_id, account_id, due_at) values ($1, $2, $3) on conflict do nothing",
        org.0,
        account.0,
        due_at
    );
    Ok(taken.execute(&db.0).await?.rows_affected() == 1)
}

/// Notes what a check has found, and forgets what is more than [`KEPT`] of the account.
pub async fn finish(
    db: &JobsDb,
    org: OrgId,
    account: AccountId,
    due_at: DateTime<Utc>,
    (outcome, ended_rest): (&Value, bool),
) -> StoreResult<()> {
    sqlx::query!(
        "update account_checks set outcome = $4, ended_rest = $5
         where org_id = $1 and account_id = $2 and due_at = $3",
        org.0,
        account.0,
        due_at,
        outcome,
        ended_rest
    )
    .execute(&db.0)
    .await?;
    sqlx::query!(
        "delete from account_checks where org_id = $1 and account_id = $2 and due_at <= (
           select due_at from account_checks where org_id = $1 and account_id = $2
           order by due_at desc offset $3 limit 1)",
        org.0,
        account.0,
        KEPT
    )
    .execute(&db.0)
    .await?;
    Ok(())
}

/// Those of an account, newest first.
pub async fn list(tx: &mut TenantTx, account: AccountId) -> StoreResult<Vec<Check>> {
    let rows = sqlx::query_as!(
        Check,
        "select due_at, outcome, ended_rest from account_checks
         where org_id = $1 and account_id = $2 order by due_at desc limit $3",
        tx.org().0,
        account.0,
        KEPT
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Ends the time of a rest of the whole account that began for one of these causes before `began`: the next request tries
/// it. Returns whether there was one; [`crate::cooldowns::announce`] it then.
pub async fn end_rest(
    db: &JobsDb,
    org: OrgId,
    account: AccountId,
    causes: &[String],
    began: DateTime<Utc>,
) -> StoreResult<bool> {
    let ended = sqlx::query!(
        "update account_cooldowns set until = date_trunc('milliseconds', now())
         where org_id = $1 and account_id = $2 and scope = '' and cause = any($3) and failed_at < $4 and until > now()",
        org.0,
        account.0,
        causes,
        began
    );
    Ok(ended.execute(&db.0).await?.rows_affected() > 0)
}

/// Forgets those of more than 30 days ago.
pub async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let gone = sqlx::query!("delete from account_checks where due_at < now() - interval '30 days'");
    Ok(gone.execute(&db.0).await?.rows_affected())
}

#[cfg(test)]
mod tests;
