//! A lease in Redis: of all instances, one runs the background jobs.
//!
//! It saves work and is no lock. After a pause two instances may believe that they hold it, so what runs under it must
//! bear to be run twice.

use crate::{Cache, StoreResult};
use redis::Script;
use std::{sync::LazyLock, time::Duration};

static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local holder = redis.call('GET', KEYS[1])
         if holder == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end
         if holder then return 0 end
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
         return 1",
    )
});

static GIVE_UP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
    )
});

fn key(name: &str) -> String {
    format!("cw:lease:{name}")
}

/// Takes the lease or prolongs it. False when another holds it.
pub async fn take(cache: &Cache, name: &str, holder: &str, lasts: Duration) -> StoreResult<bool> {
    take_key(cache, &key(name), holder, lasts).await
}

/// The same of a lease with any key.
pub(crate) async fn take_key(cache: &Cache, key: &str, holder: &str, lasts: Duration) -> StoreResult<bool> {
    let mut connection = cache.connection.clone();
    let milliseconds = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
    Ok(TAKE.key(key).arg(holder).arg(milliseconds).invoke_async(&mut connection).await?)
}

/// Lets another take it at once, instead of when it runs out.
pub async fn give_up(cache: &Cache, name: &str, holder: &str) -> StoreResult<()> {
    give_up_key(cache, &key(name), holder).await
}

/// The same of a lease with any key.
pub(crate) async fn give_up_key(cache: &Cache, key: &str, holder: &str) -> StoreResult<()> {
    let mut connection = cache.connection.clone();
    let () = GIVE_UP.key(key).arg(holder).invoke_async(&mut connection).await?;
    Ok(())
}
