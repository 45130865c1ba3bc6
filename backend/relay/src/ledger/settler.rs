//! Settling holds in Redis, many in one call.

use super::{Item, Progress, Settled, writer::Event};
use crate::settle::Figures;
use causeway_domain::{OrgId, RequestId};
use causeway_store::{
    Store,
    hold::{self, SettleMode, SettledAs, Settlement},
    ledger::Revision,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long to wait for company before calling Redis: a request's price is paid, nobody waits for this.
const LINGER: Duration = Duration::from_millis(2);

const BATCH: usize = 256;

/// Takes what has ended, settles it, and hands it to the writer. When Redis is away the writer gets it all the same,
/// and Redis is told later.
pub(super) async fn run(
    store: Store,
    mut items: mpsc::Receiver<Item>,
    events: mpsc::Sender<Event>,
    progress: Arc<Progress>,
    closing: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut owed: Vec<(u8, Settlement)> = Vec::new();
    let mut retry = tokio::time::interval(Duration::from_secs(1));
    retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = retry.tick(), if !owed.is_empty() => pay(&store, &mut owed).await,
            n = items.recv_many(&mut batch, BATCH) => {
                if n == 0 {
                    return;
                }
                if n < BATCH {
                    tokio::time::sleep(LINGER).await;
                    while batch.len() < BATCH && let Ok(item) = items.try_recv() {
                        batch.push(item);
                    }
                }
                let count = batch.len() as u64;
                let rows = settle_batch(&store, &mut batch, &events, &mut owed).await;
                progress.settled.send_modify(|n| *n += count);
                // What has no row is as good as written.
                progress.written.send_modify(|n| *n += count - rows);
            }
            () = closing.cancelled(), if items.is_empty() => {
                pay(&store, &mut owed).await;
                return;
            }
        }
    }
}

/// What of one batch belongs to one shard; the two lists go side by side.
#[derive(Default)]
struct Batch {
    settlements: Vec<Settlement>,
    /// `None` for a release.
    settled: Vec<Option<Box<Settled>>>,
}

/// Settles a batch; returns how many rows it has handed to the writer.
async fn settle_batch(
    store: &Store,
    batch: &mut Vec<Item>,
    events: &mpsc::Sender<Event>,
    owed: &mut Vec<(u8, Settlement)>,
) -> u64 {
    let mut rows = 0;
    let mut shards: BTreeMap<u8, Batch> = BTreeMap::new();
    for item in batch.drain(..) {
        let (org, settlement, settled) = match item {
            Item::Settle(settled) => (settled.draft.org, settlement(&settled), Some(settled)),
            // Its place is free as soon as Redis has been asked: there is no row to wait for.
            Item::Release { place: _place, org, request } => (org, release(request), None),
        };
        let shard = shards.entry(org.shard()).or_default();
        shard.settlements.push(settlement);
        shard.settled.push(settled);
    }
    for (shard, Batch { settlements, settled }) in shards {
        let results = match hold::settle(&store.cache, shard, &settlements).await {
            Ok((_, results)) => Some(results),
            Err(error) => {
                tracing::warn!(%error, "Redis could not settle; it will be told later");
                owed.extend(settlements.into_iter().map(|s| (shard, s)));
                None
            }
        };
        for (i, one) in settled.into_iter().enumerate() {
            let Some(one) = one else { continue };
            let one = *one;
            let result = results.as_ref().and_then(|r| r.get(i).copied());
            let Some(event) = one.draft.event(one.request, one.chosen, one.figures, Revision::Own) else {
                continue;
            };
            // The writer's queue has a slot for every place there is.
            if events.send(Event { event, place: one.place, settled: result }).await.is_ok() {
                rows += 1;
            }
        }
    }
    rows
}

fn settlement(one: &Settled) -> Settlement {
    Settlement {
        request: one.request,
        mode: SettleMode::Settle,
        charged: one.figures.charged.0,
        real: one.figures.cost.0,
        tokens: one.figures.tokens.total(),
        figures: serde_json::to_string(&one.figures).unwrap_or_default(),
    }
}

fn release(request: RequestId) -> Settlement {
    Settlement { request, mode: SettleMode::Release, charged: 0, real: 0, tokens: 0, figures: String::new() }
}

/// Tells Redis what it missed while it was away. The rows are in Postgres or on their way there.
async fn pay(store: &Store, owed: &mut Vec<(u8, Settlement)>) {
    let mut by_shard: BTreeMap<u8, Vec<Settlement>> = BTreeMap::new();
    for (shard, settlement) in owed.drain(..) {
        by_shard.entry(shard).or_default().push(settlement);
    }
    for (shard, all) in by_shard {
        for some in all.chunks(BATCH) {
            let done = match hold::settle(&store.cache, shard, some).await {
                Ok((_, results)) => {
                    let settled = some.iter().zip(results).filter(|(s, r)| {
                        s.mode == SettleMode::Settle && matches!(r, SettledAs::Now | SettledAs::Before)
                    });
                    let ids: Vec<RequestId> = settled.map(|(s, _)| s.request).collect();
                    hold::confirm(&store.cache, shard, &ids).await.is_ok()
                }
                Err(_) => false,
            };
            if !done {
                owed.extend(some.iter().map(|s| (shard, s.clone())));
            }
        }
    }
}

/// Writes checkpoints of running streams.
pub(super) async fn checkpoints(
    store: Store,
    mut queue: mpsc::Receiver<(OrgId, RequestId, Figures)>,
    closing: CancellationToken,
) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            n = queue.recv_many(&mut batch, BATCH) => {
                if n == 0 {
                    return;
                }
            }
        }
        let mut shards: BTreeMap<u8, Vec<(RequestId, String)>> = BTreeMap::new();
        for (org, request, figures) in batch.drain(..) {
            let Ok(json) = serde_json::to_string(&figures) else { continue };
            shards.entry(org.shard()).or_default().push((request, json));
        }
        for (shard, figures) in shards {
            if let Err(error) = hold::checkpoint(&store.cache, shard, &figures).await {
                tracing::debug!(%error, "checkpoints were not noted; the next ones will be");
            }
        }
    }
}
