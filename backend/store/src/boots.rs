//! The lives of instances: each has an id of its own from start to end, and says every few seconds that it lives.
//!
//! A hold whose instance is no longer heard of is swept. The lease is several beats long, so that a pause is not a
//! death; should a living instance be swept all the same, its own figures replace the sweeper's row (`ledger::Revision`),
//! and the totals in Redis are loaded anew.

use crate::{Cache, StoreResult, hold};
use redis::AsyncCommands;
use std::collections::{BTreeSet, HashSet};

/// How long after its last beat an instance counts as dead.
pub const LEASE_MS: u64 = 10_000;

/// How often to beat.
pub const BEAT_MS: u64 = 500;

fn key(boot: &str) -> String {
    format!("cw:boot:{boot}")
}

fn ended(boot: &str) -> String {
    format!("cw:ended:{boot}")
}

/// Every life that may have left holds behind.
const KNOWN: &str = "cw:boots";

/// Changes whenever somebody closes shards, so that an instance without work notices too.
const ALARM: &str = "cw:alarm";

/// What an instance hears when it says that it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Redis did not know of this life: it is the first beat, or Redis has lost it.
    pub new: bool,
    /// The last alarm; another one than at the last beat means that shards were closed.
    pub alarm: Option<String>,
}

/// Says that this life goes on.
pub async fn beat(cache: &Cache, boot: &str) -> StoreResult<Beat> {
    let (new, alarm): (bool, Option<String>) = redis::pipe()
        .pset_ex(key(boot), hold::SCHEMA, LEASE_MS)
        .ignore()
        .sadd(KNOWN, boot)
        .get(ALARM)
        .query_async(&mut cache.connection.clone())
        .await?;
    Ok(Beat { new, alarm })
}

/// Tells every other instance that shards were closed.
pub async fn alarm(cache: &Cache) -> StoreResult<()> {
    let () = cache.connection.clone().set(ALARM, uuid::Uuid::now_v7().simple().to_string()).await?;
    Ok(())
}

/// Those that live.
pub async fn alive(cache: &Cache) -> StoreResult<BTreeSet<String>> {
    Ok(known(cache).await?.into_iter().filter(|(_, alive)| *alive).map(|(boot, _)| boot).collect())
}

/// Ends this life at once: what it has left is swept without waiting, and nobody waits for it who remembers it.
pub async fn end(cache: &Cache, boot: &str) -> StoreResult<()> {
    let mut connection = cache.connection.clone();
    let () = redis::pipe()
        .del(key(boot))
        .ignore()
        .pset_ex(ended(boot), 1, 2 * LEASE_MS)
        .ignore()
        .query_async(&mut connection)
        .await?;
    Ok(())
}

/// Whether this life has said that it is over.
pub async fn has_ended(cache: &Cache, boot: &str) -> StoreResult<bool> {
    Ok(cache.connection.clone().exists(ended(boot)).await?)
}

/// Those that are no longer heard of.
pub async fn dead(cache: &Cache) -> StoreResult<HashSet<String>> {
    Ok(known(cache).await?.into_iter().filter(|(_, alive)| !*alive).map(|(boot, _)| boot).collect())
}

/// Every life that may have left something, and whether it is heard of.
async fn known(cache: &Cache) -> StoreResult<Vec<(String, bool)>> {
    let mut connection = cache.connection.clone();
    let known: Vec<String> = connection.smembers(KNOWN).await?;
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    for boot in &known {
        pipe.exists(key(boot));
    }
    let alive: Vec<bool> = pipe.query_async(&mut connection).await?;
    Ok(known.into_iter().zip(alive).collect())
}

/// Whether one lives that keeps holds in another way than this version: it can read none of ours, nor we count with it.
pub async fn another_version_lives(cache: &Cache) -> StoreResult<bool> {
    let mut connection = cache.connection.clone();
    let known: Vec<String> = connection.smembers(KNOWN).await?;
    let mut pipe = redis::pipe();
    for boot in &known {
        pipe.get(key(boot));
    }
    let schemas: Vec<Option<String>> = pipe.query_async(&mut connection).await?;
    Ok(schemas.into_iter().flatten().any(|schema| schema != hold::SCHEMA))
}

/// Nothing is left of this life.
pub async fn bury(cache: &Cache, boot: &str) -> StoreResult<()> {
    let () = cache.connection.clone().srem(KNOWN, boot).await?;
    Ok(())
}
