//! What this instance holds at the moment, and in which epoch of each shard: enough to count every hold again should
//! Redis lose it.
//!
//! A hold is entered before anything trusts that it was granted, and an epoch is given up before the holds in it are
//! looked through. So of a hold and a loss that meet, either the hold is seen and registered, or [`HeldRequests::enter`]
//! says that its epoch is over, and it is asked for anew.

use causeway_domain::{OrgId, RequestId, ids::SHARDS};
use causeway_store::hold::{Growth, Held};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
};
use tokio::sync::watch;

/// The holds of an instance.
pub(crate) struct HeldRequests {
    shards: Vec<Shard>,
    /// Counts the shards' openings, for those who wait.
    opened: watch::Sender<u64>,
}

/// A hold, and whether Redis has granted it.
struct Entry {
    held: Held,
    granted: bool,
}

#[derive(Default)]
struct Shard {
    holds: Mutex<HashMap<RequestId, Entry>>,
    /// The epoch in which requests are reserved; 0 while the shard is closed.
    epoch: AtomicI64,
}

impl Shard {
    fn holds(&self) -> MutexGuard<'_, HashMap<RequestId, Entry>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldRequests {
    /// Nothing held, every shard closed.
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect(), opened: watch::Sender::new(0) }
    }

    fn shard(&self, shard: u8) -> &Shard {
        &self.shards[usize::from(shard % SHARDS)]
    }

    /// The epoch of a shard that is open.
    pub(crate) fn epoch(&self, shard: u8) -> Option<i64> {
        Some(self.shard(shard).epoch.load(SeqCst)).filter(|epoch| *epoch != 0)
    }

    /// Enters a hold that was granted in an epoch. False when that epoch is over: then nothing is held.
    pub(crate) fn enter(&self, held: Held, epoch: i64) -> bool {
        let (org, request) = (held.ask.org, held.ask.request);
        self.insert(held, true);
        if self.shard(org.shard()).epoch.load(SeqCst) == epoch {
            return true;
        }
        self.remove(org, request);
        false
    }

    /// Enters a request that nobody granted, to be counted as soon as there is somebody to count it.
    pub(crate) fn enter_unreserved(&self, held: Held) {
        self.insert(held, false);
    }

    /// So much is reserved for a request at least.
    pub(crate) fn grow(&self, org: OrgId, request: RequestId, grown: Growth) {
        if let Some(entry) = self.shard(org.shard()).holds().get_mut(&request) {
            entry.held.grown = grown;
        }
    }

    fn insert(&self, held: Held, granted: bool) {
        let (shard, request) = (held.ask.org.shard(), held.ask.request);
        self.shard(shard).holds().insert(request, Entry { held, granted });
    }

    pub(super) fn remove(&self, org: OrgId, request: RequestId) {
        self.shard(org.shard()).holds().remove(&request);
    }

    pub(super) fn of(&self, shard: u8) -> Vec<Held> {
        self.shard(shard).holds().values().map(|entry| entry.held.clone()).collect()
    }

    /// Those that nobody granted.
    pub(super) fn unreserved(&self, shard: u8) -> Vec<Held> {
        let holds = self.shard(shard).holds();
        holds.values().filter(|entry| !entry.granted).map(|entry| entry.held.clone()).collect()
    }

    /// Whether it has not ended since.
    pub(super) fn has(&self, held: &Held) -> bool {
        self.shard(held.ask.org.shard()).holds().contains_key(&held.ask.request)
    }

    /// Gives up whichever epoch a shard is in.
    pub(super) fn shut(&self, shard: u8) {
        self.shard(shard).epoch.store(0, SeqCst);
    }

    /// Gives up an epoch. False when it was given up already, and perhaps replaced.
    pub(super) fn give_up(&self, shard: u8, epoch: i64) -> bool {
        self.shard(shard).epoch.compare_exchange(epoch, 0, SeqCst, SeqCst).is_ok()
    }

    pub(super) fn open(&self, shard: u8, epoch: i64) {
        self.shard(shard).epoch.store(epoch, SeqCst);
        self.opened.send_modify(|n| *n += 1);
    }

    /// Waits until a shard is open.
    pub(crate) async fn opened(&self, shard: u8) -> i64 {
        let mut opened = self.opened.subscribe();
        loop {
            if let Some(epoch) = self.epoch(shard) {
                return epoch;
            }
            if opened.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until every shard is open.
    pub(super) async fn all_opened(&self) {
        for shard in 0..SHARDS {
            self.opened(shard).await;
        }
    }
}
