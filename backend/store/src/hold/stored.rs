//! Reading holds back, for the sweeper.

use super::{ScopeId, ShardKeys};
use crate::{Cache, StoreResult};
use causeway_domain::{AccountId, OrgId, RequestId};
use redis::AsyncCommands;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A hold as it is in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenHold {
    /// Which request.
    pub request: RequestId,
    /// The instance's life that made it; `-` for a mark left by a release that came first.
    pub boot: String,
    /// Index of the candidate that was chosen.
    pub candidate: usize,
    /// The epoch in which it is counted; 0 for a mark.
    pub epoch: i64,
    /// When it was made, ms since the epoch by Redis' clock.
    pub at: i64,
    /// What accounts that it has moved on from may bill, in nano-dollars.
    pub failed: Vec<(AccountId, i64)>,
    /// What was handed to `reserve`.
    pub payload: String,
    /// The figures, if it is settled.
    pub settled: Option<String>,
    /// The last figures noted while it ran.
    pub checkpoint: Option<String>,
}

/// Every hold of a shard. Sizes are bounded by what is open at the moment, plus what Postgres has not confirmed.
pub async fn open_holds(cache: &Cache, shard: u8) -> StoreResult<Vec<OpenHold>> {
    let keys = ShardKeys::of(shard);
    let mut connection = cache.bulk().await?;
    let all: Vec<(String, String)> = connection.hgetall(&keys.holds).await?;
    let mut holds: Vec<OpenHold> = all.iter().filter_map(|(id, value)| parse(id, value)).collect();
    if holds.is_empty() {
        return Ok(holds);
    }
    let ids: Vec<String> = holds.iter().map(|h| h.request.0.simple().to_string()).collect();
    let (settled, checks): (Vec<Option<String>>, Vec<Option<String>>) = redis::pipe()
        .hmget(&keys.settled, &ids)
        .hmget(&keys.checks, &ids)
        .query_async(&mut connection)
        .await?;
    for (hold, (settled, check)) in holds.iter_mut().zip(settled.into_iter().zip(checks)) {
        hold.settled = settled;
        hold.checkpoint = check;
    }
    Ok(holds)
}

/// How many requests of an organisation are running at each of its accounts.
pub async fn running_by_account(cache: &Cache, org: OrgId) -> StoreResult<HashMap<AccountId, u32>> {
    let keys = ShardKeys::of(org.shard());
    let mut connection = cache.bulk().await?;
    let (all, settled): (Vec<(String, String)>, HashSet<String>) =
        redis::pipe().hgetall(&keys.holds).hkeys(&keys.settled).query_async(&mut connection).await?;
    let org = org.0.simple().to_string();
    let mut running = HashMap::new();
    for (_, text) in all.iter().filter(|(id, _)| !settled.contains(id)) {
        let mut lines = text.split('\n').skip(3);
        if lines.next() != Some(&org) {
            continue;
        }
        let part = lines.nth(1).and_then(|parts| parts.rsplit(';').next()?.split(',').next());
        if let Some(id) = part.and_then(|part| Uuid::parse_str(part.strip_prefix("a:")?).ok()) {
            *running.entry(AccountId(id)).or_default() += 1;
        }
    }
    Ok(running)
}

/// Settled requests that count in a scope and are not known to be in Postgres yet.
pub async fn unwritten(cache: &Cache, org: OrgId, scope: ScopeId) -> StoreResult<Vec<RequestId>> {
    let keys = ShardKeys::of(org.shard());
    let mut connection = cache.bulk().await?;
    let ids: Vec<String> = connection.hkeys(&keys.settled).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let texts: Vec<Option<String>> = connection.hmget(&keys.holds, &ids).await?;
    let (org, scope) = (org.0.simple().to_string(), scope.suffix());
    let counts = |text: &str| {
        let mut lines = text.split('\n').skip(3);
        let scopes = |line: &str| line.split(';').any(|part| part.split(',').next() == Some(&scope));
        lines.next() == Some(&org) && lines.take(2).any(scopes)
    };
    Ok(ids
        .iter()
        .zip(texts)
        .filter(|(_, text)| text.as_deref().is_some_and(counts))
        .filter_map(|(id, _)| Uuid::parse_str(id).ok().map(RequestId))
        .collect())
}

/// A part of a hold that stands for an attempt that failed.
fn failed(part: &str) -> Option<(AccountId, i64)> {
    let (account, rest) = part.strip_prefix("a:")?.split_once(',')?;
    let mut fields = rest.split(',').skip(1);
    let nanos = fields.next()?.parse().ok()?;
    (fields.next() == Some("3")).then_some(())?;
    Some((AccountId(Uuid::parse_str(account).ok()?), nanos))
}

fn parse(id: &str, value: &str) -> Option<OpenHold> {
    let request = RequestId(Uuid::parse_str(id).ok()?);
    let mut parts = value.splitn(4, '\n');
    let boot = parts.next()?.to_owned();
    let mut hold = OpenHold {
        request,
        boot,
        candidate: 0,
        epoch: 0,
        at: 0,
        failed: Vec::new(),
        payload: String::new(),
        settled: None,
        checkpoint: None,
    };
    if hold.boot == "-" {
        hold.at = parts.next()?.parse::<i64>().ok()? * 1000;
        return Some(hold);
    }
    hold.candidate = parts.next()?.parse().ok()?;
    hold.at = parts.next()?.parse().ok()?;
    let (_org, rest) = parts.next()?.split_once('\n')?;
    let (epoch, rest) = rest.split_once('\n')?;
    // Before there were epochs the scopes came here. Such a hold is counted in none.
    hold.payload = match epoch.parse() {
        Ok(epoch) => {
            hold.epoch = epoch;
            let (parts, payload) = rest.split_once('\n')?;
            hold.failed = parts.split(';').filter_map(failed).collect();
            payload.to_owned()
        }
        Err(_) => rest.to_owned(),
    };
    Some(hold)
}
