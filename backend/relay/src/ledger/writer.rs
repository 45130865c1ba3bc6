//! Writing settled requests to Postgres, many in one transaction, for as long as it takes.

use super::{Place, Progress};
use causeway_domain::RequestId;
use causeway_store::{
    Store, StoreError,
    hold::{self, ScopeId, SettledAs},
    ledger::{self, UsageEvent},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// A row to be, with its place on the way.
pub(super) struct Event {
    pub event: UsageEvent,
    pub place: Place,
    /// What Redis said when it was settled; `None` when Redis could not be asked.
    pub settled: Option<SettledAs>,
}

const BATCH: usize = 500;
const LINGER: Duration = Duration::from_millis(50);

/// Runs until the settler is gone and everything is written.
pub(super) async fn run(store: Store, mut queue: mpsc::Receiver<Event>, progress: Arc<Progress>) {
    let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
    let mut unconfirmed: BTreeMap<u8, Vec<RequestId>> = BTreeMap::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() < BATCH {
            tokio::time::sleep(LINGER).await;
            while batch.len() < BATCH
                && let Ok(event) = queue.try_recv()
            {
                batch.push(event);
            }
        }
        let count = batch.len() as u64;
        write(&store, &batch).await;
        for one in batch.drain(..) {
            confirm_later(&store, one, &mut unconfirmed).await;
        }
        progress.written.send_modify(|n| *n += count);
        confirm(&store, &mut unconfirmed).await;
    }
    confirm(&store, &mut unconfirmed).await;
}

/// Does not return before each event is in Postgres, as a row or as a dead letter.
async fn write(store: &Store, batch: &[Event]) {
    let events: Vec<UsageEvent> = batch.iter().map(|e| e.event.clone()).collect();
    match persist(store, &events).await {
        Ok(()) => {}
        Err(error) if events.len() == 1 => bury(store, &events[0], &error).await,
        Err(error) => {
            // One bad row fails its whole batch: find it.
            tracing::warn!(%error, "a batch of usage was refused by Postgres; writing its rows one by one");
            for event in &events {
                if let Err(error) = persist(store, std::slice::from_ref(event)).await {
                    bury(store, event, &error).await;
                }
            }
        }
    }
}

/// Writes, waiting out every outage. The error is one that waiting does not cure.
async fn persist(store: &Store, events: &[UsageEvent]) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(100);
    loop {
        match ledger::write(&store.jobs, events).await {
            Err(error) if error.is_outage() => {
                tracing::warn!(%error, waiting = events.len(), "Postgres is away; usage is kept in memory and in Redis");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            other => return other,
        }
    }
}

async fn bury(store: &Store, event: &UsageEvent, error: &StoreError) {
    tracing::error!(%error, request = %event.request, "usage that Postgres does not take is put aside");
    metrics::counter!("causeway_ledger_dead_letters_total").increment(1);
    let reason = error.to_string();
    while let Err(error) = ledger::bury(&store.jobs, event, &reason).await {
        tracing::error!(%error, request = %event.request, "not even that; trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The row is there: what Redis keeps of it may go. The place is free.
async fn confirm_later(store: &Store, one: Event, unconfirmed: &mut BTreeMap<u8, Vec<RequestId>>) {
    let event = &one.event;
    match one.settled {
        Some(SettledAs::Now | SettledAs::Before) => {
            unconfirmed.entry(event.org.shard()).or_default().push(event.request);
        }
        // Redis had lost it, so its totals lack this request: have them loaded again, from Postgres.
        Some(SettledAs::Missing) => {
            if let Err(error) = hold::forget(&store.cache, event.org, ScopeId::Key(event.key)).await {
                tracing::warn!(%error, "totals that Redis has wrong could not be marked");
            }
        }
        // The settler still owes Redis this one, and confirms it then.
        None => {}
    }
    drop(one.place);
}

async fn confirm(store: &Store, unconfirmed: &mut BTreeMap<u8, Vec<RequestId>>) {
    let mut left = BTreeMap::new();
    for (shard, ids) in std::mem::take(unconfirmed) {
        if let Err(error) = hold::confirm(&store.cache, shard, &ids).await {
            tracing::debug!(%error, "settled holds stay in Redis for now");
            left.insert(shard, ids);
        }
    }
    *unconfirmed = left;
}
