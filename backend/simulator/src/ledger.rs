//! The truth ledger: one entry per request received, kept in memory, read by tests and benchmarks and compared with
//! what Causeway wrote down. It does no arithmetic on money: prices are the other side's claim.

mod entry;
mod slot;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::config::LedgerDetail;

pub use self::entry::{Entry, Outcome, Tokens};
pub(crate) use self::slot::{Progress, Slot};

/// A shared handle on the ledger; clones see the same entries.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: Notify,
    detail: LedgerDetail,
    capacity: usize,
    /// Part of every request id, so that ids of simulators with different seeds differ.
    run: u32,
}

#[derive(Default)]
struct State {
    /// Number of the first entry kept.
    first: u64,
    entries: VecDeque<Entry>,
    open: usize,
}

impl State {
    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }
}

impl Ledger {
    pub(crate) fn new(detail: LedgerDetail, capacity: usize, seed: u64) -> Self {
        let state = State { first: 1, ..State::default() };
        let run = (seed ^ (seed >> 32)) as u32;
        Self(Arc::new(Inner { state: Mutex::new(state), changed: Notify::new(), detail, capacity, run }))
    }

    /// Every entry, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.state().entries.iter().cloned().collect()
    }

    /// The entries that `keep` accepts, oldest first, at most the last `limit`.
    pub fn find(&self, limit: usize, keep: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let state = self.state();
        let mut found: Vec<_> = state.entries.iter().rev().filter(|e| keep(e)).take(limit).cloned().collect();
        found.reverse();
        found
    }

    /// The entries with this tag (see [`Entry::tag`]), oldest first.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Vec<Entry> {
        self.find(usize::MAX, |entry| entry.tag.as_deref() == Some(tag))
    }

    /// The entry answered with this `request-id`.
    #[must_use]
    pub fn by_request_id(&self, id: &str) -> Option<Entry> {
        // The id ends in the number, so that comparing a whole run of requests does not search for each.
        let seq = u64::from_str_radix(id.get(id.len().checked_sub(SEQ_DIGITS)?..)?, 16).ok()?;
        self.state().entry(seq).filter(|entry| entry.request_id == id).cloned()
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<Entry> {
        self.state().entries.back().cloned()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().entries.len()
    }

    /// Whether nothing arrived yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many requests have not ended.
    #[must_use]
    pub fn open(&self) -> usize {
        self.state().open
    }

    /// The most requests that were open at one time, of those that `keep` accepts.
    pub fn most_open(&self, keep: impl Fn(&Entry) -> bool) -> usize {
        let mut steps: Vec<(DateTime<Utc>, bool)> = Vec::new();
        let state = self.state();
        for entry in state.entries.iter().filter(|e| e.ended != Some(e.at) && keep(e)) {
            steps.push((entry.at, true));
            steps.extend(entry.ended.map(|ended| (ended, false)));
        }
        drop(state);
        // Of an end and a beginning at the same instant the end counts first: nothing says that they overlapped.
        steps.sort_unstable();
        let (mut open, mut most) = (0, 0);
        for (_, begins) in steps {
            open = if begins { open + 1 } else { open - 1 };
            most = most.max(open);
        }
        most
    }

    /// What all entries together were billed.
    #[must_use]
    pub fn billed(&self) -> Tokens {
        self.state().entries.iter().map(|entry| entry.billed).sum()
    }

    /// Everything that must not have crossed a relay and did, as `(request number, what)`.
    #[must_use]
    pub fn leaks(&self) -> Vec<(u64, String)> {
        let state = self.state();
        state.entries.iter().flat_map(|e| e.leaks.iter().map(|leak| (e.seq, leak.clone()))).collect()
    }

    /// Forget everything; numbering goes on, and requests still open are no longer recorded.
    pub fn clear(&self) {
        let mut state = self.state();
        state.first += state.entries.len() as u64;
        state.entries.clear();
        state.open = 0;
    }

    /// Wait until at least `count` entries exist and none is open. False when `patience` ran out first.
    pub async fn settled(&self, count: usize, patience: Duration) -> bool {
        let reached = async {
            loop {
                let changed = self.0.changed.notified();
                let mut changed = std::pin::pin!(changed);
                changed.as_mut().enable();
                {
                    let state = self.state();
                    if state.open == 0 && state.entries.len() >= count {
                        return;
                    }
                }
                changed.await;
            }
        };
        tokio::time::timeout(patience, reached).await.is_ok()
    }

    /// Open the entry of a request whose head has arrived.
    pub(crate) fn begin(&self, mut entry: Entry) -> Slot {
        let mut state = self.state();
        let seq = state.first + state.entries.len() as u64;
        entry.seq = seq;
        // Under the lock, as the end is: times are then in the order in which things happened.
        entry.at = Utc::now();
        let request_id = format!("req_sim_{:08x}{seq:0SEQ_DIGITS$x}", self.0.run);
        entry.request_id.clone_from(&request_id);
        if state.entries.len() >= self.0.capacity {
            let oldest = state.entries.pop_front();
            state.first += 1;
            if oldest.is_some_and(|entry| entry.outcome == Outcome::Open) {
                state.open = state.open.saturating_sub(1);
            }
        }
        state.open += 1;
        state.entries.push_back(entry);
        drop(state);
        Slot::new(self.clone(), seq, request_id)
    }

    pub(crate) fn keeps_everything(&self) -> bool {
        self.0.detail == LedgerDetail::Full
    }

    fn update(&self, seq: u64, change: impl FnOnce(&mut Entry)) {
        let mut state = self.state();
        let Some(entry) = state.entry(seq) else { return };
        let was_open = entry.outcome == Outcome::Open;
        change(entry);
        if was_open && entry.outcome != Outcome::Open {
            state.open = state.open.saturating_sub(1);
            drop(state);
            self.0.changed.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panics while it reads must not take the simulator with it.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SEQ_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(capacity: usize) -> Ledger {
        Ledger::new(LedgerDetail::Full, capacity, 1)
    }

    #[tokio::test]
    async fn an_entry_dropped_while_open_was_cut_by_the_client() {
        let ledger = ledger(8);
        drop(ledger.begin(Entry::default()));
        assert!(ledger.settled(1, Duration::from_secs(1)).await);
        assert_eq!(ledger.entries()[0].outcome, Outcome::CutByClient);
    }

    #[test]
    fn entries_are_found_by_request_id_after_old_ones_have_gone() {
        let ledger = ledger(4);
        let slots: Vec<_> = (0..6).map(|_| ledger.begin(Entry::default())).collect();
        let id = ledger.last().unwrap().request_id;
        assert_eq!(ledger.by_request_id(&id).unwrap().seq, 6);
        assert_eq!((ledger.len(), ledger.open()), (4, 4));
        assert!(ledger.by_request_id("req_sim_00000001000000000001").is_none());
        assert!(ledger.by_request_id("nonsense").is_none());
        drop(slots);
        assert_eq!(ledger.open(), 0);
    }

    #[test]
    fn the_most_open_at_one_time_are_counted_by_their_times() {
        let ledger = ledger(8);
        let tagged = |tag: &str| {
            let tag = Some(tag.to_owned());
            ledger.begin(Entry { tag, ..Entry::default() })
        };
        let (a, b) = (tagged("x"), tagged("x"));
        let other = tagged("y");
        drop(a);
        let c = tagged("x");
        assert_eq!(ledger.most_open(|_| true), 3);
        assert_eq!(ledger.most_open(|entry| entry.tag.as_deref() == Some("x")), 2);
        drop((b, c, other));
        assert!(ledger.entries().iter().all(|entry| entry.ended >= Some(entry.at)));
    }

    #[test]
    fn numbering_goes_on_after_the_ledger_was_cleared() {
        let ledger = ledger(8);
        let before = ledger.begin(Entry::default());
        ledger.clear();
        drop(before);
        assert_eq!((ledger.len(), ledger.open()), (0, 0));
        let _slot = ledger.begin(Entry::default());
        assert_eq!(ledger.last().unwrap().seq, 2);
    }
}
