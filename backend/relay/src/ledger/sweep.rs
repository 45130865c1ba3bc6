//! Settling what instances left behind when they died.

use super::writer;
use crate::settle::{Draft, Figures};
use causeway_domain::{Nanos, RequestId};
use causeway_store::{
    Store, StoreResult, boots,
    hold::{self, OpenHold, SettleMode, SettledAs, Settlement},
    ledger::{FailedAttempt, UsageEvent},
};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long the mark of a release that came before its reservation is kept.
const MARK_MS: i64 = 120_000;

/// How often marks are looked for.
const MARKS_EVERY: Duration = Duration::from_secs(60);

/// Finds instances that are no longer heard of and settles what they have left.
#[derive(Default)]
pub(crate) struct Sweeper {
    /// Since when each has not been heard of. A Redis that was away has forgotten the leases of the living too: they
    /// get as long again to renew them.
    silent: HashMap<String, Instant>,
    marks: Option<Instant>,
}

impl Sweeper {
    /// Sweeps after those who have been silent for `grace` beyond their lease. Safe to run anywhere, at any time,
    /// twice. Returns how many requests were settled.
    pub(crate) async fn sweep(&mut self, store: &Store, grace: Duration) -> StoreResult<usize> {
        let dead = boots::dead(&store.cache).await?;
        self.silent.retain(|boot, _| dead.contains(boot));
        let now = Instant::now();
        for boot in dead {
            self.silent.entry(boot).or_insert(now);
        }
        let gone: HashSet<String> = self
            .silent
            .iter()
            .filter(|(_, since)| now - **since >= grace)
            .map(|(boot, _)| boot.clone())
            .collect();
        let marks = self.marks.is_none_or(|last| now - last >= MARKS_EVERY);
        if gone.is_empty() && !marks {
            return Ok(0);
        }
        let (mut swept, mut all) = (0, true);
        for shard in 0..64 {
            match sweep_shard(store, shard, &gone).await {
                Ok(count) => swept += count,
                // What is wrong with one shard must not keep the others waiting.
                Err(error) => {
                    all = false;
                    tracing::warn!(%error, shard, "a shard could not be swept; it will be tried again");
                }
            }
        }
        if all {
            self.marks = Some(now);
            for boot in gone {
                boots::bury(&store.cache, &boot).await?;
                self.silent.remove(&boot);
            }
        }
        if swept > 0 {
            metrics::counter!("causeway_ledger_swept_total").increment(swept as u64);
        }
        Ok(swept)
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn sweep_shard(store: &Store, shard: u8, gone: &HashSet<String>) -> StoreResult<usize> {
    let holds = hold::open_holds(&store.cache, shard).await?;
    let left: Vec<&OpenHold> = holds.iter().filter(|h| gone.contains(&h.boot)).collect();
    for some in left.chunks(200) {
        settle(store, shard, some).await?;
    }
    let old = now_ms() - MARK_MS;
    let marks: Vec<RequestId> =
        holds.iter().filter(|h| h.boot == "-" && h.at < old).map(|h| h.request).collect();
    hold::confirm(&store.cache, shard, &marks).await?;
    Ok(left.len())
}

async fn settle(store: &Store, shard: u8, holds: &[&OpenHold]) -> StoreResult<()> {
    let mut settlements = Vec::new();
    let mut events: Vec<Option<UsageEvent>> = Vec::new();
    let (mut done, mut uncounted): (Vec<UsageEvent>, Vec<UsageEvent>) = Default::default();
    for hold in holds {
        let Some((event, figures, real)) = read(hold) else {
            tracing::error!(request = %hold.request, "a hold cannot be read; its reservation is given back");
            settlements.push(settlement(hold.request, SettleMode::Release, None));
            events.push(None);
            continue;
        };
        if hold.settled.is_some() {
            done.push(event);
        } else {
            settlements.push(settlement(hold.request, SettleMode::Settle, Some((&figures, real))));
            events.push(Some(event));
        }
    }
    let (_, results) = hold::settle(&store.cache, shard, &settlements).await?;
    for (event, result) in events.into_iter().zip(results) {
        match result {
            SettledAs::Now | SettledAs::Before => done.extend(event),
            // Released or settled by its owner, who is alive after all and has the row.
            SettledAs::Missing => {}
            SettledAs::OtherEpoch => uncounted.extend(event),
        }
    }
    write(store, &done, false).await?;
    hold::confirm(&store.cache, shard, &requests(&done)).await?;
    // Of an earlier epoch, and so counted nowhere. Not forgotten but released: that leaves a mark, should somebody be
    // about to keep it in the new epoch.
    write(store, &uncounted, true).await?;
    let releases: Vec<Settlement> =
        uncounted.iter().map(|e| settlement(e.request, SettleMode::Release, None)).collect();
    hold::settle(&store.cache, shard, &releases).await?;
    Ok(())
}

fn requests(events: &[UsageEvent]) -> Vec<RequestId> {
    events.iter().map(|e| e.request).collect()
}

/// Writes what instances have settled that died before they wrote it.
pub(super) async fn write_settled(store: &Store, shard: u8, holds: &[OpenHold]) -> StoreResult<()> {
    for some in holds.chunks(200) {
        let events: Vec<UsageEvent> = some.iter().filter_map(|hold| Some(read(hold)?.0)).collect();
        write(store, &events, false).await?;
        hold::confirm(&store.cache, shard, &requests(&events)).await?;
    }
    Ok(())
}

async fn write(store: &Store, events: &[UsageEvent], uncounted: bool) -> StoreResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let known = writer::write(store, events).await;
    // Redis has counted them now; if their rows were there before, it did so for the second time.
    for event in events.iter().filter(|e| uncounted || known.contains(&e.request)) {
        for (org, scope) in writer::scopes(event) {
            hold::forget(&store.cache, org, scope).await?;
        }
    }
    Ok(())
}

/// With its figures and what its account asks in all.
fn settlement(request: RequestId, mode: SettleMode, figures: Option<(&Figures, Nanos)>) -> Settlement {
    Settlement {
        request,
        mode,
        charged: figures.map_or(0, |(f, _)| f.charged.0),
        real: figures.map_or(0, |(_, real)| real.0),
        tokens: figures.map_or(0, |(f, _)| f.tokens.total()),
        figures: figures.and_then(|(f, _)| serde_json::to_string(f).ok()).unwrap_or_default(),
    }
}

/// The row of a hold: its settled figures as they are, else what can be said of it by its last checkpoint. And what its
/// account asks in all.
fn read(hold: &OpenHold) -> Option<(UsageEvent, Figures, Nanos)> {
    let draft: Draft = serde_json::from_str(&hold.payload).ok()?;
    let parse = |text: &Option<String>| text.as_deref().and_then(|t| serde_json::from_str::<Figures>(t).ok());
    let figures = parse(&hold.settled).unwrap_or_else(|| {
        let noted = parse(&hold.checkpoint);
        let unnoted = noted.is_none();
        let mut figures = draft.orphaned(hold.candidate, noted);
        if unnoted {
            let failed = hold.failed.iter();
            figures.failed = failed
                .map(|(account, nanos)| FailedAttempt {
                    account: *account,
                    cost: Nanos(*nanos),
                    estimated: true,
                })
                .collect();
        }
        figures
    });
    let real = draft.asked(hold.candidate, &figures);
    let event = draft.event(hold.request, hold.candidate, figures.clone())?;
    Some((event, figures, real))
}
