//! How far the ledger is behind: what is settled in Redis and not yet a row in Postgres, and what else tells whether usage
//! is being written. Reads only; the names of the keys are all it knows of how settling works.

use crate::{Cache, JobsDb, StoreResult, TenantTx, cache::shard_prefix};
use causeway_domain::{OrgId, RequestId, ids::SHARDS};
use chrono::{DateTime, Utc};
use deadpool_redis::Connection;
use redis::AsyncCommands;
use serde::Deserialize;
use uuid::Uuid;

/// Up to so many events of one shard are all looked at for the oldest. Of more, so many are drawn at random: the oldest
/// of them is nearly as old, and finding it costs no more.
const LOOKED_AT: u64 = 1_000;

/// What waits to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// How many requests.
    pub count: u64,
    /// When the oldest of them ended, in milliseconds since the epoch.
    pub oldest_ms: Option<i64>,
}

impl Unwritten {
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            oldest_ms: self.oldest_ms.into_iter().chain(other.oldest_ms).min(),
        }
    }

    /// Whole seconds since the oldest of them ended; 0 when there is none.
    pub fn oldest_seconds(&self, now: DateTime<Utc>) -> u64 {
        let age = self.oldest_ms.map_or(0, |ms| now.timestamp_millis().saturating_sub(ms));
        u64::try_from(age / 1000).unwrap_or(0)
    }
}

/// Over all shards.
pub async fn of_all(cache: &Cache) -> StoreResult<Unwritten> {
    let mut connection = cache.bulk().await?;
    let mut all = Unwritten::default();
    for shard in 0..SHARDS {
        all = all.and(of_shard(&mut connection, shard).await?);
    }
    Ok(all)
}

/// On the shard of an organisation, which others share: how far behind *its* usage is at most.
pub async fn of_org(cache: &Cache, org: OrgId) -> StoreResult<Unwritten> {
    of_shard(&mut cache.bulk().await?, org.shard()).await
}

async fn of_shard(connection: &mut Connection, shard: u8) -> StoreResult<Unwritten> {
    let key = format!("{}settled", shard_prefix(shard));
    let count: u64 = connection.hlen(&key).await?;
    let events: Vec<(String, String)> = match count {
        0 => return Ok(Unwritten::default()),
        1..=LOOKED_AT => connection.hgetall(&key).await?,
        _ => {
            let mut draw = redis::cmd("HRANDFIELD");
            draw.arg(&key).arg(LOOKED_AT).arg("WITHVALUES").query_async(connection).await?
        }
    };
    Ok(Unwritten { count, oldest_ms: events.iter().filter_map(|(id, figures)| ended_ms(id, figures)).min() })
}

/// When a request ended: its id says when it began, its figures how long it took. Counting from its beginning would take
/// every long answer for a late one.
fn ended_ms(id: &str, figures: &str) -> Option<i64> {
    #[derive(Default, Deserialize)]
    struct Took {
        #[serde(default)]
        duration_ms: i64,
    }
    let began = RequestId(Uuid::parse_str(id).ok()?).started_ms();
    let took: Took = serde_json::from_str(figures).unwrap_or_default();
    Some(began.saturating_add(took.duration_ms))
}

/// A month's part of the request log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Name of the table.
    pub name: String,
    /// Rows as Postgres estimates them; `None` before it has.
    pub rows: Option<i64>,
    /// Bytes with indexes.
    pub bytes: i64,
}

/// The parts of the request log that exist, oldest month first, the one for everything else last.
pub async fn partitions(db: &JobsDb) -> StoreResult<Vec<Partition>> {
    let rows = sqlx::query!(
        r#"select c.relname::text as "name!", c.reltuples::bigint as "rows!", pg_total_relation_size(c.oid) as "bytes!"
           from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'usage'::regclass order by c.relname = 'usage_default', c.relname"#
    )
    .fetch_all(&db.0)
    .await?;
    // -1 is "not analysed yet".
    let partition = |name, rows, bytes| Partition { name, rows: Some(rows).filter(|n: &i64| *n >= 0), bytes };
    Ok(rows.into_iter().map(|r| partition(r.name, r.rows, r.bytes)).collect())
}

/// When the newest request that is written began, of all organisations.
pub async fn newest(db: &JobsDb) -> StoreResult<Option<DateTime<Utc>>> {
    let id = sqlx::query_scalar!("select request_id from usage order by request_id desc limit 1")
        .fetch_optional(&db.0)
        .await?;
    Ok(id.and_then(began))
}

/// When the newest request of the transaction's organisation that is written began.
pub async fn newest_of_org(tx: &mut TenantTx) -> StoreResult<Option<DateTime<Utc>>> {
    let id = sqlx::query_scalar!(
        "select request_id from usage where org_id = $1 order by request_id desc limit 1",
        tx.org().0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.and_then(began))
}

/// The newest quarter of an hour that the sums of the transaction's organisation reach.
pub async fn newest_rollup(tx: &mut TenantTx) -> StoreResult<Option<DateTime<Utc>>> {
    let bucket = sqlx::query_scalar!(
        "select bucket from usage_rollups where org_id = $1 order by bucket desc limit 1",
        tx.org().0
    );
    Ok(bucket.fetch_optional(tx.conn()).await?)
}

fn began(id: Uuid) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(RequestId(id).started_ms())
}

#[cfg(test)]
mod tests;
