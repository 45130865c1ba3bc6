//! Settling holds in Redis, many in one call.

use super::{
    Item, Place, Progress, Settled,
    writer::{Event, State},
};
use causeway_domain::{OrgId, RequestId};
use causeway_store::{
    Store,
    hold::{self, Checkpoint, SettleMode, SettledAs, Settlement},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long to wait for company before calling Redis: a request's price is paid, nobody waits for this.
const LINGER: Duration = Duration::from_millis(2);

const BATCH: usize = 256;

/// Takes what has ended, settles it, and hands it to the writer. When Redis is away the writer gets it all the same,
/// and settles it once its row is written.
pub(super) async fn run(
    store: Store,
    mut items: mpsc::Receiver<Item>,
    events: mpsc::Sender<Event>,
    progress: Arc<Progress>,
    closing: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut owed: VecDeque<Owed> = VecDeque::new();
    let mut retry = tokio::time::interval(Duration::from_secs(1));
    retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = retry.tick(), if !owed.is_empty() => give_back(&store, &mut owed).await,
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
                let lost = settle_batch(&store, &mut batch, &events, &mut owed).await;
                progress.settled.send_modify(|n| *n += count);
                progress.written.send_modify(|n| *n += lost);
            }
            () = closing.cancelled(), if items.is_empty() => {
                give_back(&store, &mut owed).await;
                return;
            }
        }
    }
}

/// A release that Redis has not heard of. Keeps its place, so that there cannot be endlessly many.
struct Owed {
    shard: u8,
    release: Settlement,
    _place: Place,
}

/// What of one batch belongs to one shard.
#[derive(Default)]
struct Batch {
    settlements: Vec<Settlement>,
    rest: Vec<Rest>,
}

/// What is to be done with an item once Redis has been asked; side by side with its settlement.
enum Rest {
    Row(Box<Settled>),
    Free(Place),
}

/// Settles a batch; returns how many rows that were announced there will not be.
async fn settle_batch(
    store: &Store,
    batch: &mut Vec<Item>,
    events: &mpsc::Sender<Event>,
    owed: &mut VecDeque<Owed>,
) -> u64 {
    let mut shards: BTreeMap<u8, Batch> = BTreeMap::new();
    for item in batch.drain(..) {
        let (org, settlement, rest) = match item {
            Item::Settle(settled) => (settled.draft.org, settlement(&settled), Rest::Row(settled)),
            Item::Release { place, org, request } => (org, release(request), Rest::Free(place)),
        };
        let shard = shards.entry(org.shard()).or_default();
        shard.settlements.push(settlement);
        shard.rest.push(rest);
    }
    let (mut lost, mut away) = (0, false);
    for (shard, Batch { settlements, rest }) in shards {
        // One answer that Redis is away is enough: each further question would take its time to fail.
        let results = if away { None } else { ask(store, shard, &settlements).await };
        away |= results.is_none();
        for (i, (settlement, rest)) in settlements.into_iter().zip(rest).enumerate() {
            match rest {
                Rest::Free(place) if results.is_none() => {
                    owed.push_back(Owed { shard, release: settlement, _place: place });
                }
                Rest::Free(_) => {}
                Rest::Row(one) => {
                    let one = *one;
                    let state = match results.as_ref().and_then(|r| r.get(i).copied()) {
                        Some(result) => State::Settled(result),
                        None => State::Owed(settlement),
                    };
                    let Some(mut event) = one.draft.event(one.request, one.chosen, one.figures) else {
                        lost += 1;
                        continue;
                    };
                    event.five_hours = one.five_hours;
                    // The writer's queue has a slot for every place there is.
                    if events.send(Event { event, place: one.place, state }).await.is_err() {
                        lost += 1;
                    }
                }
            }
        }
    }
    lost
}

async fn ask(store: &Store, shard: u8, settlements: &[Settlement]) -> Option<Vec<SettledAs>> {
    match hold::settle(&store.cache, shard, settlements).await {
        Ok((_, results)) => Some(results),
        Err(error) => {
            tracing::warn!(%error, "Redis could not settle; it will be told later");
            None
        }
    }
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

/// Gives back what a request has reserved, without counting anything.
pub(super) fn release(request: RequestId) -> Settlement {
    Settlement { request, mode: SettleMode::Release, charged: 0, real: 0, tokens: 0, figures: String::new() }
}

/// Tells Redis of releases that it missed while it was away; stops at the first sign that it still is.
async fn give_back(store: &Store, owed: &mut VecDeque<Owed>) {
    while let Some(first) = owed.front() {
        let shard = first.shard;
        let same = owed.iter().take(BATCH).take_while(|o| o.shard == shard);
        let releases: Vec<Settlement> = same.map(|o| o.release.clone()).collect();
        if ask(store, shard, &releases).await.is_none() {
            return;
        }
        owed.drain(..releases.len());
    }
}

/// Writes checkpoints of running streams.
pub(super) async fn checkpoints(
    store: Store,
    mut queue: mpsc::Receiver<(OrgId, Checkpoint)>,
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
        let mut shards: BTreeMap<u8, Vec<Checkpoint>> = BTreeMap::new();
        for (org, checkpoint) in batch.drain(..) {
            shards.entry(org.shard()).or_default().push(checkpoint);
        }
        for (shard, streams) in shards {
            if let Err(error) = hold::checkpoint(&store.cache, shard, &streams).await {
                tracing::debug!(%error, "checkpoints were not noted; the next ones will be");
            }
        }
    }
}
