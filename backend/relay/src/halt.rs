//! Ending what runs of organisations that are suspended.
//!
//! A new request learns of a suspension from the policy version, as of any other change. What is already running asks
//! nobody, so every instance looks twice a second whether an organisation that has something running here was suspended,
//! and ends it: what waits for an answer is refused, what streams is told and cut off. The provider's answer is read on
//! as if the client had left, so that the bill is right. Postgres is asked and no message awaited, because a message can
//! get lost; with nothing running, nobody is asked.

use causeway_domain::OrgId;
use causeway_store::{RelayDb, StoreResult, principal};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often running organisations are looked at. A suspension is to be felt within two seconds.
const EVERY: Duration = Duration::from_millis(500);

/// What is running, by organisation.
#[derive(Default)]
pub(crate) struct Halts(Mutex<HashMap<OrgId, Entry>>);

struct Entry {
    token: CancellationToken,
    running: usize,
}

/// A running request's place among them.
pub(crate) struct Running {
    halts: Arc<Halts>,
    org: OrgId,
    token: CancellationToken,
}

impl Halts {
    /// A request of an organisation begins.
    pub(crate) fn enter(self: &Arc<Self>, org: OrgId) -> Running {
        let mut all = self.lock();
        let entry = all.entry(org).or_insert_with(|| Entry { token: CancellationToken::new(), running: 0 });
        entry.running += 1;
        Running { halts: self.clone(), org, token: entry.token.clone() }
    }

    /// Ends what runs of organisations that are suspended by now.
    async fn look(&self, db: &RelayDb) -> StoreResult<()> {
        let running: Vec<OrgId> = self.lock().keys().copied().collect();
        if running.is_empty() {
            return Ok(());
        }
        for org in principal::suspended(db, &running).await? {
            // Taken out, so that what begins after the suspension has ended is not ended with it.
            if let Some(entry) = self.lock().remove(&org) {
                tracing::info!(%org, requests = entry.running, "an organisation was suspended; its requests end");
                entry.token.cancel();
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrgId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Cancelled when the organisation is suspended.
    pub(crate) fn halted(&self) -> &CancellationToken {
        &self.token
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut all = self.halts.lock();
        // A cancelled one was taken out, and what is there now is another's.
        if self.token.is_cancelled() {
            return;
        }
        if let Some(entry) = all.get_mut(&self.org) {
            entry.running = entry.running.saturating_sub(1);
            if entry.running == 0 {
                all.remove(&self.org);
            }
        }
    }
}

/// Looks until the instance stops.
pub(crate) async fn run(halts: Arc<Halts>, db: RelayDb, closing: CancellationToken) {
    let mut due = tokio::time::interval(EVERY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while closing.run_until_cancelled(due.tick()).await.is_some() {
        if let Err(error) = halts.look(&db).await {
            tracing::warn!(%error, "whether organisations were suspended could not be read; asking again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_asked_for() {
        let halts = Arc::new(Halts::default());
        let org = OrgId(uuid::Uuid::now_v7());
        let (one, two) = (halts.enter(org), halts.enter(org));
        drop(one);
        assert_eq!(halts.lock().len(), 1);
        drop(two);
        assert!(halts.lock().is_empty());
    }

    #[test]
    fn an_end_that_comes_late_leaves_alone_what_has_begun_since() {
        let halts = Arc::new(Halts::default());
        let org = OrgId(uuid::Uuid::now_v7());
        let old = halts.enter(org);
        halts.lock().remove(&org).unwrap().token.cancel();
        let new = halts.enter(org);
        drop(old);
        assert_eq!(halts.lock().get(&org).map(|e| e.running), Some(1));
        assert!(!new.halted().is_cancelled());
    }
}
