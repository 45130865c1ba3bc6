//! Writing settled requests to Postgres, many in one transaction, for as long as it takes.

use super::{Place, Progress};
use causeway_domain::{KeyId, OrgId, RequestId};
use causeway_store::{
    Store, StoreError,
    hold::{self, ScopeId, SettledAs, Settlement},
    ledger::{self, UsageEvent},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// A row to be, with its place on the way.
pub(super) struct Event {
    pub event: UsageEvent,
    pub place: Place,
    pub state: State,
}

/// How far Redis is with a request.
pub(super) enum State {
    /// It has been asked, and said this.
    Settled(SettledAs),
    /// It was away: it is told this once the row is written, for until then only we know of it.
    Owed(Settlement),
}

/// A settlement that Redis has not heard of although its row is written.
struct Owed {
    org: OrgId,
    key: KeyId,
    settlement: Settlement,
    _place: Place,
}

const BATCH: usize = 500;
const LINGER: Duration = Duration::from_millis(50);

/// What is left to be told to Redis.
#[derive(Default)]
struct Arrears {
    /// Settled holds whose rows are written, to be forgotten.
    confirm: BTreeMap<u8, Vec<RequestId>>,
    /// Keys whose totals Redis has wrong.
    forget: Vec<(OrgId, KeyId)>,
    settle: VecDeque<Owed>,
}

/// Runs until the settler is gone and everything is written.
pub(super) async fn run(store: Store, mut queue: mpsc::Receiver<Event>, progress: Arc<Progress>) {
    let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
    let mut arrears = Arrears::default();
    let mut retry = tokio::time::interval(Duration::from_secs(1));
    retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = retry.tick(), if !arrears.is_empty() => arrears.pay(&store).await,
            n = queue.recv_many(&mut batch, BATCH) => {
                if n == 0 {
                    arrears.pay(&store).await;
                    return;
                }
                if n < BATCH {
                    tokio::time::sleep(LINGER).await;
                    while batch.len() < BATCH && let Ok(event) = queue.try_recv() {
                        batch.push(event);
                    }
                }
                let count = batch.len() as u64;
                let (events, rest): (Vec<_>, Vec<_>) =
                    batch.drain(..).map(|one| (one.event, (one.place, one.state))).unzip();
                write(&store, &events).await;
                let settled_all = arrears.settle.is_empty();
                for (event, (place, state)) in events.iter().zip(rest) {
                    arrears.add(event, place, state);
                }
                if settled_all {
                    arrears.pay(&store).await;
                }
                progress.written.send_modify(|n| *n += count);
            }
        }
    }
}

/// Does not return before each event is in Postgres, as a row or as a dead letter.
pub(super) async fn write(store: &Store, events: &[UsageEvent]) {
    match persist(store, events).await {
        Ok(()) => {}
        Err(error) if events.len() == 1 => bury(store, &events[0], &error).await,
        Err(error) => {
            // One bad row fails its whole batch: find it.
            tracing::warn!(%error, "a batch of usage was refused by Postgres; writing its rows one by one");
            for event in events {
                if let Err(error) = persist(store, std::slice::from_ref(event)).await {
                    bury(store, event, &error).await;
                }
            }
        }
    }
}

/// Writes, waiting out everything that waiting can cure.
async fn persist(store: &Store, events: &[UsageEvent]) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(100);
    loop {
        match ledger::write(&store.jobs, events).await {
            Err(error) if !error.is_bad_data() => {
                tracing::warn!(%error, waiting = events.len(), "usage cannot be written; it is kept in memory and in Redis");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            other => return other,
        }
    }
}

/// Puts an event aside that Postgres does not take. One bad request must not stand in the way of all others.
async fn bury(store: &Store, event: &UsageEvent, error: &StoreError) {
    metrics::counter!("causeway_ledger_dead_letters_total").increment(1);
    let reason = error.to_string();
    loop {
        match ledger::bury(&store.jobs, event, &reason).await {
            Ok(()) => {
                tracing::error!(%error, request = %event.request, "usage that Postgres does not take was put aside");
                return;
            }
            Err(again) if again.is_bad_data() => {
                tracing::error!(%error, ?event, "usage that Postgres does not take at all; this line is all there is of it");
                return;
            }
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

impl Arrears {
    fn is_empty(&self) -> bool {
        self.confirm.is_empty() && self.forget.is_empty() && self.settle.is_empty()
    }

    /// The row of this one is written. Its place is free, unless Redis has yet to hear of it.
    fn add(&mut self, event: &UsageEvent, place: Place, state: State) {
        match state {
            State::Settled(result) => self.answered(event.org, event.key, event.request, result),
            State::Owed(settlement) => {
                self.settle.push_back(Owed { org: event.org, key: event.key, settlement, _place: place });
            }
        }
    }

    fn answered(&mut self, org: OrgId, key: KeyId, request: RequestId, result: SettledAs) {
        self.confirm.entry(org.shard()).or_default().push(request);
        if result == SettledAs::Missing {
            self.forget.push((org, key));
        }
    }

    /// Tells Redis all of it; stops at the first sign that it is away.
    async fn pay(&mut self, store: &Store) {
        while let Some(owed) = self.settle.front() {
            let (org, key, request) = (owed.org, owed.key, owed.settlement.request);
            let one = std::slice::from_ref(&owed.settlement);
            let Ok((_, results)) = hold::settle(&store.cache, org.shard(), one).await else { return };
            self.settle.pop_front();
            self.answered(org, key, request, results.first().copied().unwrap_or(SettledAs::Missing));
        }
        while let Some((org, key)) = self.forget.last().copied() {
            if hold::forget(&store.cache, org, ScopeId::Key(key)).await.is_err() {
                return;
            }
            self.forget.pop();
        }
        while let Some((shard, ids)) = self.confirm.pop_first() {
            if hold::confirm(&store.cache, shard, &ids).await.is_err() {
                self.confirm.insert(shard, ids);
                return;
            }
        }
    }
}
