//! The lives of instances: each has an id of its own from start to end, and says every few seconds that it lives.
//!
//! A hold whose instance is no longer heard of is swept. The lease is several beats long, so that a pause is not a
//! death; should a living instance be swept all the same, its own figures replace the sweeper's (`ledger::Revision`).

use crate::{Cache, StoreResult};
use redis::AsyncCommands;
use std::collections::HashSet;

/// How long after its last beat an instance counts as dead.
pub const LEASE_MS: u64 = 15_000;

/// How often to beat.
pub const BEAT_MS: u64 = 3_000;

fn key(boot: &str) -> String {
    format!("cw:boot:{boot}")
}

/// Says that this life goes on.
pub async fn beat(cache: &Cache, boot: &str) -> StoreResult<()> {
    let () = cache.connection.clone().pset_ex(key(boot), 1, LEASE_MS).await?;
    Ok(())
}

/// Ends this life at once: what it has left is swept without waiting.
pub async fn end(cache: &Cache, boot: &str) -> StoreResult<()> {
    let () = cache.connection.clone().del(key(boot)).await?;
    Ok(())
}

/// Those of `boots` that are no longer heard of.
pub async fn dead<'a>(
    cache: &Cache,
    boots: impl IntoIterator<Item = &'a str>,
) -> StoreResult<HashSet<&'a str>> {
    let mut dead = HashSet::new();
    let mut connection = cache.connection.clone();
    for boot in boots.into_iter().collect::<HashSet<_>>() {
        if !connection.exists::<_, bool>(key(boot)).await? {
            dead.insert(boot);
        }
    }
    Ok(dead)
}
