//! Filling Redis from Postgres: a scope that is new to Redis, and a shard that is.

use super::{ScopeId, ShardKeys};
use crate::{Cache, StoreResult, cache::tenant_prefix};
use causeway_domain::{OrgId, window::WindowKind};
use redis::{AsyncCommands, Script};
use std::sync::LazyLock;

static LOAD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("load.lua")));

/// What Postgres knows of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Nano-dollars since the beginning.
    pub nanos: i64,
    /// Tokens since the beginning.
    pub tokens: i64,
    /// The limited windows.
    pub windows: Vec<LoadedWindow>,
}

/// A window as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedWindow {
    /// Which.
    pub kind: WindowKind,
    /// When it ends, ms since the epoch; 0 = never.
    pub end: i64,
    /// Nano-dollars of the total that were spent before it began.
    pub base_nanos: i64,
    /// Tokens of the total that were spent before it began.
    pub base_tokens: i64,
}

/// What to hand to [`load`]; to be read before Postgres is.
pub async fn generation(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<i64> {
    let key = format!("{}{}", tenant_prefix(org), scope.suffix());
    Ok(cache.connection.clone().hget::<_, _, Option<i64>>(key, "g").await?.unwrap_or(0))
}

/// Puts totals into Redis unless they are there. False when something was settled since the generation was read: the
/// totals lack it, and must be read again.
pub async fn load(
    cache: &Cache,
    org: OrgId,
    scope: ScopeId,
    generation: i64,
    totals: &Totals,
) -> StoreResult<bool> {
    let mut call = LOAD.key(format!("{}{}", tenant_prefix(org), scope.suffix()));
    call.arg(generation).arg(totals.nanos).arg(totals.tokens);
    for window in &totals.windows {
        call.arg(window.kind.as_str()).arg(window.end).arg(window.base_nanos).arg(window.base_tokens);
    }
    Ok(call.invoke_async(&mut cache.connection.clone()).await?)
}

/// Makes the next reservation load a scope's totals again. What is reserved and open stays counted.
pub async fn forget(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<()> {
    let key = format!("{}{}", tenant_prefix(org), scope.suffix());
    let () = redis::pipe()
        .atomic()
        .hdel(&key, "v")
        .ignore()
        .hincr(&key, "g", 1)
        .ignore()
        .query_async(&mut cache.connection.clone())
        .await?;
    Ok(())
}

/// Opens a shard that is new to Redis, or that Redis has lost.
pub async fn open_shard(cache: &Cache, shard: u8) -> StoreResult<()> {
    let keys = ShardKeys::new(shard);
    let mut connection = cache.connection.clone();
    let _set: bool = connection.hset_nx(&keys.meta, "schema", 1).await?;
    Ok(())
}

/// How a scope stands at this moment, as the key's holder may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Nano-dollars since the beginning.
    pub nanos: i64,
    /// Tokens since the beginning.
    pub tokens: i64,
    /// Nano-dollars held by requests that are still running.
    pub reserved_nanos: i64,
    /// Requests that are still running.
    pub open: i64,
    /// Windows that have begun.
    pub windows: Vec<LoadedWindow>,
}

/// Reads a scope; `None` when Redis does not have it.
pub async fn standing(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<Option<Standing>> {
    let key = format!("{}{}", tenant_prefix(org), scope.suffix());
    let all: std::collections::HashMap<String, String> = cache.connection.clone().hgetall(key).await?;
    if !all.contains_key("v") {
        return Ok(None);
    }
    let number = |field: &str| all.get(field).and_then(|v| v.parse().ok()).unwrap_or(0);
    let windows = WindowKind::ALL.into_iter().filter(|kind| all.contains_key(&format!("e:{kind}")));
    Ok(Some(Standing {
        nanos: number("u"),
        tokens: number("t"),
        reserved_nanos: number("ru"),
        open: number("c"),
        windows: windows
            .map(|kind| LoadedWindow {
                kind,
                end: number(&format!("e:{kind}")),
                base_nanos: number(&format!("bu:{kind}")),
                base_tokens: number(&format!("bt:{kind}")),
            })
            .collect(),
    }))
}
