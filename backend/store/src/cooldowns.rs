//! Accounts that may not be used for a while. Postgres has the truth, so that it survives restarts of everything; Redis
//! carries a number that grows with every change, by which each instance notices that its picture is old, and the times
//! of whole accounts, which the reservation script looks at. So a missed message costs a fraction of a second, and the
//! loss of Redis nothing.

use crate::{Cache, JobsDb, StoreError, StoreResult, TenantTx, cache::tenant_prefix, hold::ScopeId};
use causeway_domain::{AccountId, OrgId, ProxyId};
use chrono::{DateTime, Utc};
use redis::{AsyncCommands, Script};
use std::{sync::LazyLock, time::Duration};

/// The scope of what cools where a proxy is set aside; the proxy stands in the account's place (see [`of_proxy`]).
pub const PROXY: &str = "proxy";

/// The scope of what cools where an account's way does, and not the account: this alone is its direct way, and what it
/// begins (`way:<id>`) its way through the proxy of that id.
pub const WAY: &str = "way";

/// The scope of an account's way.
pub fn way(through: Option<ProxyId>) -> String {
    through.map_or_else(|| WAY.to_owned(), |proxy| format!("{WAY}:{}", proxy.0.simple()))
}

/// What stands in an account's place where a proxy cools: what is kept, told and tried is the same for both.
pub const fn of_proxy(proxy: ProxyId) -> AccountId {
    AccountId(proxy.0)
}

/// Grows with every change.
const VERSION: &str = "cw:cooldowns:version";

/// A failure that keeps an account, or a part of it, from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// Empty = the whole account, `model:…` or `family:…` = a part of it, [`WAY`] = how it is reached, [`PROXY`] = a proxy.
    pub scope: String,
    /// The row of the failover table.
    pub cause: String,
    /// What the provider said.
    pub detail: String,
    /// Failures in a row before this one.
    pub level: i16,
    /// When it failed.
    pub failed_at: DateTime<Utc>,
    /// Until when nothing is sent there; after that one request at a time until one succeeds.
    pub until: DateTime<Utc>,
}

/// Every cooldown of every organisation. There are as many as there are accounts in trouble.
pub async fn all(db: &JobsDb) -> StoreResult<Vec<Cooldown>> {
    let rows = sqlx::query!(
        "select org_id, account_id, scope, cause, detail, level, failed_at, until from account_cooldowns"
    )
    .fetch_all(&db.0)
    .await?;
    let cooldown = rows.into_iter().map(|r| Cooldown {
        org: OrgId(r.org_id),
        account: AccountId(r.account_id),
        scope: r.scope,
        cause: r.cause,
        detail: r.detail,
        level: r.level,
        failed_at: r.failed_at,
        until: r.until,
    });
    Ok(cooldown.collect())
}

/// Those of one account.
pub async fn of_account(tx: &mut TenantTx, account: AccountId) -> StoreResult<Vec<Cooldown>> {
    of_accounts(tx, &[account]).await
}

/// Those of some accounts of the organisation.
pub async fn of_accounts(tx: &mut TenantTx, accounts: &[AccountId]) -> StoreResult<Vec<Cooldown>> {
    let org = tx.org();
    let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select account_id, scope, cause, detail, level, failed_at, until from account_cooldowns
         where org_id = $1 and account_id = any($2) order by account_id, scope",
        org.0,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let cooldown = rows.into_iter().map(|r| Cooldown {
        org,
        account: AccountId(r.account_id),
        scope: r.scope,
        cause: r.cause,
        detail: r.detail,
        level: r.level,
        failed_at: r.failed_at,
        until: r.until,
    });
    Ok(cooldown.collect())
}

/// Writes cooldowns down. Where another instance has noted a later failure of the same, the later one stays.
pub async fn save(db: &JobsDb, cooldowns: &[Cooldown]) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    for c in cooldowns {
        sqlx::query!(
            "insert into account_cooldowns (org_id, account_id, scope, cause, detail, level, failed_at, until)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (org_id, account_id, scope) do update set cause = excluded.cause, detail = excluded.detail,
               level = greatest(excluded.level, account_cooldowns.level), failed_at = excluded.failed_at,
               until = greatest(excluded.until, account_cooldowns.until)
             where account_cooldowns.failed_at <= excluded.failed_at",
            c.org.0,
            c.account.0,
            c.scope,
            c.cause,
            c.detail,
            c.level,
            c.failed_at,
            c.until
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

/// A success has ended a cooldown, unless something failed there after `failed_at`.
pub async fn end(
    db: &JobsDb,
    org: OrgId,
    account: AccountId,
    scope: &str,
    failed_at: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query!(
        "delete from account_cooldowns where org_id = $1 and account_id = $2 and scope = $3 and failed_at <= $4",
        org.0,
        account.0,
        scope,
        failed_at
    )
    .execute(&db.0)
    .await?;
    Ok(())
}

/// A person ends every cooldown of an account; returns how many there were. [`announce`] it after the commit.
pub async fn reset(tx: &mut TenantTx, account: AccountId) -> StoreResult<u64> {
    let org = tx.org().0;
    let gone =
        sqlx::query!("delete from account_cooldowns where org_id = $1 and account_id = $2", org, account.0);
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// Forgets cooldowns that have been over for a week without anybody trying the account.
pub async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let gone = sqlx::query!("delete from account_cooldowns where until < now() - interval '7 days'");
    Ok(gone.execute(&db.0).await?.rows_affected())
}

/// Lets every instance know that cooldowns have changed. Where a whole account is concerned, the reservation script is
/// told until when (`None` = not any more), so that it holds at once.
pub async fn announce(
    cache: &Cache,
    accounts: &[(OrgId, AccountId, Option<DateTime<Utc>>)],
) -> StoreResult<()> {
    let mut pipe = redis::pipe();
    for (org, account, until) in accounts {
        let key = format!("{}{}", tenant_prefix(*org), ScopeId::Account(*account).suffix());
        match until {
            Some(until) => pipe.hset(key, "cool", until.timestamp_millis()).ignore(),
            None => pipe.hdel(key, "cool").ignore(),
        };
    }
    pipe.incr(VERSION, 1).ignore();
    let () = pipe.query_async(&mut cache.connection.clone()).await?;
    Ok(())
}

/// The number that grows; `None` when Redis has lost it, or nothing has ever cooled.
pub async fn version(cache: &Cache) -> StoreResult<Option<i64>> {
    Ok(cache.connection.clone().get(VERSION).await?)
}

static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
    )
});

fn probe_key(org: OrgId, account: AccountId, scope: &str) -> String {
    format!("{}probe:{}:{scope}", tenant_prefix(org), account.0.simple())
}

/// Whether this request may be the one that tries an account whose time is over. Nobody else may for `lasts`.
pub async fn take_probe(
    cache: &Cache,
    org: OrgId,
    account: AccountId,
    scope: &str,
    holder: &str,
    lasts: Duration,
) -> StoreResult<bool> {
    let milliseconds =
        u64::try_from(lasts.as_millis()).map_err(|e| StoreError::corrupt("length of a probe", e))?;
    let set: Option<String> = redis::cmd("SET")
        .arg(probe_key(org, account, scope))
        .arg(holder)
        .arg("NX")
        .arg("PX")
        .arg(milliseconds)
        .query_async(&mut cache.connection.clone())
        .await?;
    Ok(set.is_some())
}

/// Lets the next request try.
pub async fn give_probe_back(
    cache: &Cache,
    org: OrgId,
    account: AccountId,
    scope: &str,
    holder: &str,
) -> StoreResult<()> {
    let key = probe_key(org, account, scope);
    let () = GIVE_BACK.key(key).arg(holder).invoke_async(&mut cache.connection.clone()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
