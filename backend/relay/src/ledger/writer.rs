//! Writing settled requests to Postgres, many in one transaction, for as long as it takes.

use super::{Place, Progress, settler};
use causeway_domain::{OrgId, RequestId};
use causeway_store::{
    Store, StoreError,
    hold::{self, ScopeId, SettleMode, SettledAs, Settlement},
    ledger::{self, UsageEvent},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// A row to be, with its place on the way.
pub(super) struct Event {
    pub event: UsageEvent,
    pub place: Place,
    pub state: State,
    /// Scopes whose totals Redis may have wrong because of it.
    pub doubtful: Vec<ScopeId>,
}

/// How far Redis is with a request.
pub(super) enum State {
    /// It has been asked, and said this.
    Settled(SettledAs),
    /// It was away: it is told this once the row is written, for until then only we know of it.
    Owed(Settlement),
}

/// What Redis is told of a request once its row is written.
struct Owed {
    shard: u8,
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
    /// Scopes whose totals Redis has wrong.
    forget: BTreeSet<(OrgId, ScopeId)>,
    /// Settlements that it has not heard of, and reservations that it may have counted after they were settled.
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
                    batch.drain(..).map(|one| (one.event, (one.place, one.state, one.doubtful))).unzip();
                let known = write(&store, &events).await;
                let settled_all = arrears.settle.is_empty();
                for (event, (place, state, doubtful)) in events.iter().zip(rest) {
                    arrears.forget.extend(doubtful.into_iter().map(|scope| (event.org, scope)));
                    arrears.add(event, place, state, known.contains(&event.request));
                }
                if settled_all {
                    arrears.pay(&store).await;
                }
                progress.written.send_modify(|n| *n += count);
            }
        }
    }
}

/// Does not return before each event is in Postgres, as a row or as a dead letter. Returns the requests that had a row
/// before, so that what Redis counts for them cannot be relied on.
pub(super) async fn write(store: &Store, events: &[UsageEvent]) -> HashSet<RequestId> {
    let mut known = HashSet::new();
    match persist(store, events).await {
        Ok(written) => known.extend(written.known),
        Err(error) if events.len() == 1 => bury(store, &events[0], &error).await,
        Err(error) => {
            // One bad row fails its whole batch: find it.
            tracing::warn!(%error, "a batch of usage was refused by Postgres; writing its rows one by one");
            for event in events {
                match persist(store, std::slice::from_ref(event)).await {
                    Ok(written) => known.extend(written.known),
                    Err(error) => bury(store, event, &error).await,
                }
            }
        }
    }
    known
}

/// Every scope in which an event counts, with whose it is.
pub(super) fn scopes(event: &UsageEvent) -> impl Iterator<Item = (OrgId, ScopeId)> + use<> {
    let org = event.org;
    event.scopes().map(move |scope| (org, scope))
}

/// Writes, waiting out everything that waiting can cure.
async fn persist(store: &Store, events: &[UsageEvent]) -> Result<ledger::Written, StoreError> {
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
    fn add(&mut self, event: &UsageEvent, place: Place, state: State, had_row: bool) {
        let shard = event.org.shard();
        let mut wrong = had_row;
        match state {
            State::Settled(SettledAs::Missing | SettledAs::OtherEpoch) => {
                // It may have been registered anew while it was being settled: then nobody else would give it back.
                wrong = true;
                let settlement = settler::release(event.request);
                self.settle.push_back(Owed { shard, settlement, _place: place });
            }
            State::Settled(_) => self.confirm.entry(shard).or_default().push(event.request),
            State::Owed(settlement) => {
                // Totals that are loaded before Redis hears of it contain it already.
                wrong = true;
                self.settle.push_back(Owed { shard, settlement, _place: place });
            }
        }
        if wrong {
            self.forget.extend(scopes(event));
        }
    }

    /// Tells Redis all of it; stops at the first sign that it is away. Totals are forgotten both before and after a
    /// settlement is told: before, since a reservation that is given back must find its row in the totals, and after,
    /// since what was loaded in between would count it twice.
    async fn pay(&mut self, store: &Store) {
        let forget = self.forget.clone();
        if !self.forget_totals(store, &forget).await {
            return;
        }
        let told = !self.settle.is_empty();
        while let Some(owed) = self.settle.front() {
            let (shard, request) = (owed.shard, owed.settlement.request);
            let one = std::slice::from_ref(&owed.settlement);
            let release = owed.settlement.mode == SettleMode::Release;
            let Ok((_, results)) = hold::settle(&store.cache, shard, one).await else { return };
            self.settle.pop_front();
            // A release that found nothing to give back has left a mark for a registration that is still on its way.
            // The sweeper forgets it.
            let marked = matches!(results[..], [SettledAs::Missing | SettledAs::OtherEpoch]);
            if !(release && marked) {
                self.confirm.entry(shard).or_default().push(request);
            }
        }
        if told && !self.forget_totals(store, &forget).await {
            return;
        }
        self.forget.clear();
        while let Some((shard, ids)) = self.confirm.pop_first() {
            if hold::confirm(&store.cache, shard, &ids).await.is_err() {
                self.confirm.insert(shard, ids);
                return;
            }
        }
    }

    async fn forget_totals(&self, store: &Store, scopes: &BTreeSet<(OrgId, ScopeId)>) -> bool {
        for (org, scope) in scopes {
            if hold::forget(&store.cache, *org, *scope).await.is_err() {
                return false;
            }
        }
        true
    }
}
