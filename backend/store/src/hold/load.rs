//! Filling a scope in Redis from Postgres, and reading it.

use super::{
    ScopeId, ShardKeys,
    state::{self, State},
};
use crate::{Cache, StoreResult, cache::tenant_prefix};
use causeway_domain::{AccountId, OrgId, window::WindowKind};
use redis::{AsyncCommands, Script};
use std::sync::LazyLock;

static BEGIN: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("scope.lua"), include_str!("begin.lua"))));
static LOAD: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("scope.lua"), include_str!("load.lua"))));
static FORGET: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("scope.lua"), include_str!("forget.lua"))));

/// What Postgres knows of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Nano-dollars since the beginning.
    pub nanos: i64,
    /// Tokens since the beginning.
    pub tokens: i64,
    /// Requests since the beginning.
    pub requests: i64,
    /// The limited windows.
    pub windows: Vec<LoadedWindow>,
    /// The seconds of the last minute in which something began.
    pub minute: Vec<LoadedSecond>,
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
    /// Requests of the total that were made before it began.
    pub base_requests: i64,
}

/// What began in one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedSecond {
    /// Seconds since the epoch.
    pub second: i64,
    /// Requests.
    pub requests: i64,
    /// Tokens.
    pub tokens: i64,
}

/// What became of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The totals are in Redis.
    Done,
    /// Something was settled meanwhile that they lack: read Postgres again.
    Outdated,
    /// The shard is in another epoch now.
    OtherEpoch,
}

pub(super) fn scope_key(org: OrgId, scope: ScopeId) -> String {
    let mut key = tenant_prefix(org);
    scope.write_suffix(&mut key);
    key
}

/// To be called before Postgres is read. Returns what to hand to [`load`]; `None` when the epoch is over.
pub async fn begin_load(cache: &Cache, org: OrgId, scope: ScopeId, epoch: i64) -> StoreResult<Option<i64>> {
    let mut call = BEGIN.key(&ShardKeys::of(org.shard()).meta);
    call.key(scope_key(org, scope)).arg(epoch);
    let generation: i64 = call.invoke_async(&mut cache.connection.clone()).await?;
    Ok((generation >= 0).then_some(generation))
}

/// Puts totals into Redis unless they are there.
pub async fn load(
    cache: &Cache,
    org: OrgId,
    scope: ScopeId,
    epoch: i64,
    generation: i64,
    totals: &Totals,
) -> StoreResult<Loaded> {
    let mut numbers = vec![totals.nanos, totals.tokens, totals.requests];
    numbers.push(i64::try_from(totals.windows.len()).unwrap_or(i64::MAX));
    for w in &totals.windows {
        numbers.extend([state::number_of(w.kind), w.end, w.base_nanos, w.base_tokens, w.base_requests]);
    }
    for one in &totals.minute {
        numbers.extend([one.second, one.requests, one.tokens]);
    }
    let numbers: Vec<u8> = numbers.into_iter().flat_map(i64::to_le_bytes).collect();
    let mut call = LOAD.key(&ShardKeys::of(org.shard()).meta);
    call.key(scope_key(org, scope)).arg(epoch).arg(generation).arg(numbers);
    Ok(match call.invoke_async(&mut cache.connection.clone()).await? {
        1 => Loaded::Done,
        0 => Loaded::Outdated,
        _ => Loaded::OtherEpoch,
    })
}

/// Makes the next reservation load a scope's totals again. What is reserved and open stays counted.
pub async fn forget(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<()> {
    let () = FORGET.key(scope_key(org, scope)).invoke_async(&mut cache.connection.clone()).await?;
    Ok(())
}

/// How many requests are open at each of these accounts, where that is counted. All organisations' alike, in one round trip.
pub async fn open_at(cache: &Cache, accounts: &[(OrgId, AccountId)]) -> StoreResult<Vec<u32>> {
    // In a cluster the keys lie on many slots, so they are asked for one by one.
    let asked = accounts.iter().map(|(org, account)| async move {
        let key = scope_key(*org, ScopeId::Account(*account));
        let packed: Option<Vec<u8>> = cache.connection.clone().hget(key, state::FIELD).await?;
        let state = packed.and_then(|packed| State::unpack(&packed)).unwrap_or_default();
        Ok(u32::try_from(state.open).unwrap_or(0))
    });
    futures_util::future::try_join_all(asked).await
}

/// How a scope stands at this moment, as people may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the totals and windows are known; without, only what is open is.
    pub loaded: bool,
    /// Nano-dollars since the beginning.
    pub nanos: i64,
    /// Tokens since the beginning.
    pub tokens: i64,
    /// Requests since the beginning.
    pub requests: i64,
    /// Nano-dollars held by requests that are still running.
    pub reserved_nanos: i64,
    /// Tokens held by requests that are still running.
    pub reserved_tokens: i64,
    /// Requests that are still running.
    pub open: i64,
    /// Requests in the last minute, where they are limited.
    pub requests_in_minute: i64,
    /// Tokens in the last minute, where they are limited.
    pub tokens_in_minute: i64,
    /// Windows that have begun.
    pub windows: Vec<LoadedWindow>,
}

/// Reads a scope; one that Redis does not have is all zero and not loaded.
pub async fn standing(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<Standing> {
    type Fields = std::collections::HashMap<String, Vec<u8>>;
    let (all, epoch, (seconds, _)): (Fields, Option<i64>, (i64, i64)) = redis::pipe()
        .hgetall(scope_key(org, scope))
        .hget(&ShardKeys::of(org.shard()).meta, "epoch")
        .cmd("TIME")
        .query_async(&mut cache.connection.clone())
        .await?;
    let state = all.get(state::FIELD).and_then(|packed| State::unpack(packed));
    let Some(mut state) = state.filter(|state| Some(state.epoch) == epoch) else {
        return Ok(Standing::default());
    };
    // They lie in the order in which they were first limited.
    state.windows.sort_unstable_by_key(|window| state::number_of(window.kind));
    let (requests_in_minute, tokens_in_minute) = state.minute(&all, seconds);
    Ok(Standing {
        loaded: state.loaded,
        nanos: state.nanos,
        tokens: state.tokens,
        requests: state.requests,
        reserved_nanos: state.reserved_nanos,
        reserved_tokens: state.reserved_tokens,
        open: state.open,
        requests_in_minute,
        tokens_in_minute,
        windows: state.windows,
    })
}
