//! The policy version of an organisation: how a change in the admin reaches every relay by the next request.
//!
//! A change raises `organisations.policy_version` and leaves a row in the outbox, in its own transaction. After the
//! commit the version is put into Redis, where the reservation script compares it with what the caller knew; a relay
//! that is behind is told STALE, reloads and tries again. Nothing is broadcast: what every request checks needs no
//! message that could be lost. A job sends what is left in the outbox, for the case that Redis or this process was
//! away in between.

use crate::{Cache, JobsDb, StoreResult, cache::tenant_prefix, tenant::PolicyChange};
use causeway_domain::OrgId;
use redis::{AsyncCommands, Script};
use sqlx::PgConnection;
use std::sync::LazyLock;

/// Only ever raises: two publishers may arrive in either order.
static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(redis.call('GET', KEYS[1]) or '0')
         if tonumber(ARGV[1]) > now then redis.call('SET', KEYS[1], ARGV[1]) end
         return 1",
    )
});

/// How its Redis key ends.
pub(crate) const SUFFIX: &str = "policy";

/// Where the version is in Redis.
pub(crate) fn key(org: OrgId) -> String {
    tenant_prefix(org) + SUFFIX
}

pub(crate) async fn bump(connection: &mut PgConnection, org: OrgId) -> StoreResult<i64> {
    let version = sqlx::query_scalar!(
        "update organisations set policy_version = policy_version + 1 where id = $1 returning policy_version",
        org.0
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into policy_outbox (org_id, version) values ($1, $2)
         on conflict (org_id) do update set version = greatest(policy_outbox.version, excluded.version)",
        org.0,
        version
    )
    .execute(connection)
    .await?;
    Ok(version)
}

/// Puts a version into Redis.
pub async fn publish(cache: &Cache, change: PolicyChange) -> StoreResult<()> {
    let () =
        RAISE.key(key(change.org)).arg(change.version).invoke_async(&mut cache.connection.clone()).await?;
    Ok(())
}

/// The version that Redis has; `None` when Redis has lost it.
pub async fn current(cache: &Cache, org: OrgId) -> StoreResult<Option<i64>> {
    Ok(cache.connection.clone().get(key(org)).await?)
}

/// Sends every version that is still in the outbox and removes it. Returns how many there were.
pub async fn flush_outbox(db: &JobsDb, cache: &Cache) -> StoreResult<usize> {
    let waiting =
        sqlx::query!("select org_id, version from policy_outbox limit 1000").fetch_all(&db.0).await?;
    for row in &waiting {
        publish(cache, PolicyChange { org: OrgId(row.org_id), version: row.version }).await?;
        // Not when it has grown since: the newer version is still to be sent.
        sqlx::query!("delete from policy_outbox where org_id = $1 and version = $2", row.org_id, row.version)
            .execute(&db.0)
            .await?;
    }
    Ok(waiting.len())
}
