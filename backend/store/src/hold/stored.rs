//! Reading holds back, for the sweeper.

use super::{
    ScopeId, ShardKeys, ask,
    record::{self, Record},
};
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
    type Texts = Vec<Option<String>>;
    let keys = ShardKeys::of(shard);
    let mut connection = cache.bulk().await?;
    let all: Vec<(String, Vec<u8>)> = connection.hgetall(&keys.holds).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&String> = all.iter().map(|(id, _)| id).collect();
    let (drafts, settled, checks): (Texts, Texts, Texts) = redis::pipe()
        .hmget(&keys.drafts, &ids)
        .hmget(&keys.settled, &ids)
        .hmget(&keys.checks, &ids)
        .query_async(&mut connection)
        .await?;
    let figures = settled.into_iter().zip(checks);
    let holds =
        all.iter().zip(drafts).zip(figures).filter_map(|(((id, hold), draft), (settled, checkpoint))| {
            Some(OpenHold { settled, checkpoint, ..open_hold(id, hold, draft)? })
        });
    Ok(holds.collect())
}

/// How many requests of an organisation are running at each of its accounts.
pub async fn running_by_account(cache: &Cache, org: OrgId) -> StoreResult<HashMap<AccountId, u32>> {
    let keys = ShardKeys::of(org.shard());
    let mut connection = cache.bulk().await?;
    let (all, settled): (Vec<(String, Vec<u8>)>, HashSet<String>) =
        redis::pipe().hgetall(&keys.holds).hkeys(&keys.settled).query_async(&mut connection).await?;
    let org = org.0.simple().to_string();
    let records = all.iter().filter(|(id, _)| !settled.contains(id)).filter_map(|(_, hold)| record_of(hold));
    let mut running = HashMap::new();
    for account in records.filter(|record| record.org == org).filter_map(|record| record.account()) {
        *running.entry(account).or_default() += 1;
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
    let holds: Vec<Option<Vec<u8>>> = connection.hmget(&keys.holds, &ids).await?;
    let (org, scope) = (org.0.simple().to_string(), scope.suffix());
    let counts = |hold: &Vec<u8>| record_of(hold).is_some_and(|r| r.org == org && r.counts_in(&scope));
    Ok(ids
        .iter()
        .zip(holds)
        .filter(|(_, hold)| hold.as_ref().is_some_and(counts))
        .filter_map(|(id, _)| Uuid::parse_str(id).ok().map(RequestId))
        .collect())
}

/// Some holds as they are to be registered in an epoch; without those that are marks or not there.
pub(super) async fn renewed(
    cache: &Cache,
    shard: u8,
    epoch: i64,
    requests: &[RequestId],
) -> StoreResult<Vec<(RequestId, Vec<u8>, String)>> {
    let keys = ShardKeys::of(shard);
    let ids: Vec<String> = requests.iter().map(|id| id.0.simple().to_string()).collect();
    let (holds, drafts): (Vec<Option<Vec<u8>>>, Vec<Option<String>>) = redis::pipe()
        .hmget(&keys.holds, &ids)
        .hmget(&keys.drafts, &ids)
        .query_async(&mut cache.connection.clone())
        .await?;
    let all = requests.iter().zip(holds).zip(drafts).filter_map(|((request, hold), draft)| {
        let (record, draft) = parse(&hold?, draft)?;
        Some((*request, Record { epoch, ..record }.bytes(), draft))
    });
    Ok(all.collect())
}

/// A hold and its draft, of this version or one before.
fn parse(hold: &[u8], draft: Option<String>) -> Option<(Record, String)> {
    if let Some(record) = Record::parse(hold) {
        // One without a draft has just been confirmed.
        return Some((record, draft?));
    }
    let (boot, record, payload) = record::parse_text(std::str::from_utf8(hold).ok()?)?;
    Some((record, ask::draft(&boot, &payload)))
}

fn record_of(hold: &[u8]) -> Option<Record> {
    Some(parse(hold, Some(String::new()))?.0)
}

fn open_hold(id: &str, hold: &[u8], draft: Option<String>) -> Option<OpenHold> {
    let request = RequestId(Uuid::parse_str(id).ok()?);
    if let Some(second) = hold.strip_prefix(b"-\n") {
        let at = std::str::from_utf8(second).ok()?.parse::<i64>().ok()? * 1000;
        return Some(OpenHold {
            request,
            boot: "-".to_owned(),
            candidate: 0,
            epoch: 0,
            at,
            failed: Vec::new(),
            payload: String::new(),
            settled: None,
            checkpoint: None,
        });
    }
    let (record, draft) = parse(hold, draft)?;
    let (boot, payload) = draft.split_once('\n')?;
    Some(OpenHold {
        request,
        boot: boot.to_owned(),
        candidate: record.candidate.into(),
        epoch: record.epoch,
        at: record.at,
        failed: record.failed(),
        payload: payload.to_owned(),
        settled: None,
        checkpoint: None,
    })
}
