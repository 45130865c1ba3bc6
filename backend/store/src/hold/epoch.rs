//! Epochs: what happens when Redis may have lost something.
//!
//! Every shard has an epoch, and every reservation, hold and total belongs to one. Whoever notices a loss (see
//! [`ReserveScript`](super::ReserveScript)) closes the shard under a new epoch, in which nothing is reserved and nothing
//! loaded. While it is closed no reservation is granted. Every instance that lives registers what it holds, writes what
//! it has settled to Postgres, and joins; when all have joined, the shard opens, and totals are loaded from Postgres
//! as they are asked for.
//!
//! So between the loss and the opening nothing can be granted on incomplete sums, and after it the sums are complete:
//! what is running is registered, what is over is in Postgres.

use super::{Held, ShardKeys, stored};
use crate::{Cache, StoreResult};
use causeway_domain::RequestId;
use redis::{AsyncCommands, Script};
use std::{collections::BTreeSet, sync::LazyLock};

static FREEZE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("scope.lua"), include_str!("freeze.lua"))));
static REGISTER: LazyLock<Script> = LazyLock::new(|| Script::new(with_holds!("register.lua")));
static JOIN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("join.lua")));
static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("open.lua")));

/// How long a shard stays closed at least, in milliseconds: long enough for every instance that lives to be heard of
/// again by one that has just lost the list of them.
pub const CLOSED_AT_LEAST_MS: u64 = 4 * crate::boots::BEAT_MS;

/// How scopes and holds are kept; to be raised when that changes. A shard that is kept in another way is closed, and comes
/// into an epoch that is kept in this one: what was counted in the one before is void, its holds are registered anew.
pub(crate) const SCHEMA: &str = "4";

/// Holds that go into one call.
pub const BATCH: usize = 200;

/// How a shard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its epoch.
    pub epoch: i64,
    /// Whether reservations are granted.
    pub open: bool,
}

fn shard_of((epoch, state): (String, String)) -> Shard {
    Shard { epoch: epoch.parse().unwrap_or(0), open: state == "open" }
}

/// Closes a shard, unless it has left the epoch `known` already.
pub async fn close(cache: &Cache, shard: u8, known: i64) -> StoreResult<Shard> {
    freeze(cache, shard, known, true).await
}

/// How a shard stands. One that Redis does not know is made, in an epoch after `known`, and is closed.
pub async fn look(cache: &Cache, shard: u8, known: i64) -> StoreResult<Shard> {
    freeze(cache, shard, known, false).await
}

async fn freeze(cache: &Cache, shard: u8, known: i64, close: bool) -> StoreResult<Shard> {
    let keys = ShardKeys::of(shard);
    let mut call = FREEZE.key(&keys.meta);
    call.key(&keys.joined).arg(known).arg(u8::from(close)).arg(SCHEMA);
    Ok(shard_of(call.invoke_async(&mut cache.connection.clone()).await?))
}

/// Whether instances of another version keep a shard in a way of theirs. Who looks at it while they live takes it from them,
/// and they take it back.
pub async fn is_kept_otherwise(cache: &Cache, shard: u8) -> StoreResult<bool> {
    let schema: Option<String> = cache.connection.clone().hget(&ShardKeys::of(shard).meta, "schema").await?;
    Ok(schema.is_some_and(|schema| schema != SCHEMA))
}

/// Counts holds in an epoch, those that are counted in it already excepted. False when the epoch is over.
pub async fn register(cache: &Cache, shard: u8, epoch: i64, holds: &[Held]) -> StoreResult<bool> {
    let records = holds.iter().map(|h| (h.ask.request, h.record(epoch).bytes(), h.ask.draft()));
    register_records(cache, shard, epoch, &records.collect::<Vec<_>>()).await
}

async fn register_records(
    cache: &Cache,
    shard: u8,
    epoch: i64,
    holds: &[(RequestId, Vec<u8>, String)],
) -> StoreResult<bool> {
    let keys = ShardKeys::of(shard);
    for some in holds.chunks(BATCH) {
        let mut call = REGISTER.key(&keys.meta);
        call.key(&keys.holds).key(&keys.settled).key(&keys.drafts).arg(&keys.prefix).arg(epoch);
        for (request, hold, draft) in some {
            call.arg(request.0.simple().to_string()).arg(hold).arg(draft);
        }
        if !call.invoke_async::<bool>(&mut cache.connection.clone()).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Says that this life has registered all it holds and written all it has settled. False when the epoch is over.
pub async fn join(cache: &Cache, shard: u8, epoch: i64, boot: &str) -> StoreResult<bool> {
    let keys = ShardKeys::of(shard);
    let mut call = JOIN.key(&keys.meta);
    call.key(&keys.joined).arg(epoch).arg(boot);
    Ok(call.invoke_async(&mut cache.connection.clone()).await?)
}

/// Opens a shard if everybody in `alive` has joined and it has been closed for long enough.
pub async fn open(
    cache: &Cache,
    shard: u8,
    epoch: i64,
    closed_at_least_ms: u64,
    alive: &BTreeSet<String>,
) -> StoreResult<Shard> {
    let keys = ShardKeys::of(shard);
    let mut call = OPEN.key(&keys.meta);
    call.key(&keys.joined).arg(epoch).arg(closed_at_least_ms);
    for boot in alive {
        call.arg(boot);
    }
    Ok(shard_of(call.invoke_async(&mut cache.connection.clone()).await?))
}

/// Holds that Redis remembers from earlier epochs, by the life that made them.
#[derive(Debug, Default)]
pub struct Remembered {
    /// Of the life in question. What it no longer holds was over before Redis lost the news.
    pub own: Vec<RequestId>,
    /// Of lives that have ended, and not settled: they stay reserved until they are swept.
    pub left: Vec<RequestId>,
    /// Of lives that have ended, and settled: their rows must be in Postgres before totals are loaded.
    pub settled: Vec<stored::OpenHold>,
}

/// Finds them.
pub async fn remembered(
    cache: &Cache,
    shard: u8,
    epoch: i64,
    boot: &str,
    alive: &BTreeSet<String>,
) -> StoreResult<Remembered> {
    let mut found = Remembered::default();
    for hold in stored::open_holds(cache, shard).await? {
        if hold.boot == boot {
            if hold.epoch != epoch {
                found.own.push(hold.request);
            }
        } else if hold.boot != "-" && !alive.contains(&hold.boot) {
            if hold.settled.is_some() {
                found.settled.push(hold);
            } else if hold.epoch != epoch {
                found.left.push(hold.request);
            }
        }
    }
    Ok(found)
}

/// Counts holds of lives that have ended in this epoch, from what Redis remembers of them.
pub async fn keep(cache: &Cache, shard: u8, epoch: i64, requests: &[RequestId]) -> StoreResult<bool> {
    for some in requests.chunks(BATCH) {
        let renewed = stored::renewed(cache, shard, epoch, some).await?;
        if !register_records(cache, shard, epoch, &renewed).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
