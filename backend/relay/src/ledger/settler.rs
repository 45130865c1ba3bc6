//! Settling holds in Redis, many in one call.

use super::{
    Item, Ledger, Place, Settled, Sign,
    writer::{Event, State},
};
use crate::settle;
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
    ledger: Arc<Ledger>,
    mut items: mpsc::Receiver<Item>,
    events: mpsc::Sender<Event>,
    closing: CancellationToken,
) {
    let mut redis = Redis { store, ledger: ledger.clone(), seen: BTreeMap::new() };
    let progress = &ledger.progress;
    let mut batch = Vec::with_capacity(BATCH);
    let mut owed: VecDeque<Owed> = VecDeque::new();
    let mut retry = tokio::time::interval(Duration::from_secs(1));
    retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = retry.tick(), if !owed.is_empty() => redis.give_back(&mut owed).await,
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
                let lost = settle_batch(&mut redis, &mut batch, &events, &mut owed).await;
                progress.settled.send_modify(|n| *n += count);
                progress.written.send_modify(|n| *n += lost);
            }
            () = closing.cancelled(), if items.is_empty() => {
                redis.give_back(&mut owed).await;
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
    redis: &mut Redis,
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
        let results = if away { None } else { redis.settle(shard, &settlements).await };
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
                    let Some(mut event) =
                        Arc::unwrap_or_clone(one.draft).event(one.request, one.chosen, one.figures)
                    else {
                        lost += 1;
                        continue;
                    };
                    event.five_hours = one.five_hours;
                    let event = Event { event, place: one.place, state, doubtful: one.doubtful };
                    // The writer's queue has a slot for every place there is.
                    if events.send(event).await.is_err() {
                        lost += 1;
                    }
                }
            }
        }
    }
    lost
}

/// Redis as the settler sees it: always the same counter, going up.
struct Redis {
    store: Store,
    ledger: Arc<Ledger>,
    /// The last sequence number of each shard, and the epoch it belongs to.
    seen: BTreeMap<u8, (i64, i64)>,
}

impl Redis {
    /// `None` when it is away.
    async fn settle(&mut self, shard: u8, settlements: &[Settlement]) -> Option<Vec<SettledAs>> {
        let epoch = self.ledger.held().epoch(shard);
        match hold::settle(&self.store.cache, shard, settlements).await {
            Ok((sequence, results)) => {
                if let Some(epoch) = epoch {
                    self.follow(shard, epoch, sequence);
                }
                Some(results)
            }
            Err(error) => {
                tracing::warn!(%error, "Redis could not settle; it will be told later");
                None
            }
        }
    }

    /// A number that does not go up within an epoch: Redis is set back, by a replica that took over or a restored
    /// backup, and knows our script all the same.
    fn follow(&mut self, shard: u8, epoch: i64, sequence: i64) {
        let last = self.seen.insert(shard, (epoch, sequence));
        if last.is_some_and(|(of, last)| of == epoch && sequence <= last) {
            tracing::warn!(shard, sequence, "Redis has gone back in time");
            self.ledger.epoch_is_over(shard, epoch, Sign::Lost);
        }
    }

    /// Tells Redis of releases that it missed while it was away; stops at the first sign that it still is.
    async fn give_back(&mut self, owed: &mut VecDeque<Owed>) {
        while let Some(first) = owed.front() {
            let shard = first.shard;
            let same = owed.iter().take(BATCH).take_while(|o| o.shard == shard);
            let releases: Vec<Settlement> = same.map(|o| o.release.clone()).collect();
            if self.settle(shard, &releases).await.is_none() {
                return;
            }
            owed.drain(..releases.len());
        }
    }
}

fn settlement(one: &Settled) -> Settlement {
    Settlement {
        request: one.request,
        mode: SettleMode::Settle,
        charged: one.figures.charged.0,
        real: one.draft.asked(one.chosen, &one.figures).0,
        tokens: one.figures.tokens.total(),
        figures: settle::text(&one.figures).unwrap_or_default(),
    }
}

/// Gives back what a request has reserved, without counting anything.
pub(crate) fn release(request: RequestId) -> Settlement {
    Settlement { request, mode: SettleMode::Release, charged: 0, real: 0, tokens: 0, figures: String::new() }
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
