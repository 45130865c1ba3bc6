//! The other instances, as they were last heard of.
//!
//! A shard that was closed opens when everybody who lives has registered what they hold. A Redis that has just lost
//! everything knows only those who have been heard of since; one of them may be slow to come back. So each instance
//! remembers who lived before, and waits for them for as long as their leases would have lasted.

use causeway_store::boots;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::time::Instant;

const LEASE: Duration = Duration::from_millis(boots::LEASE_MS);

/// Who lived, and when that was last seen.
#[derive(Default)]
pub(super) struct Peers {
    seen: Mutex<HashMap<String, Instant>>,
    /// Shards are being opened anew: nobody is forgotten meanwhile but by time.
    recovering: AtomicBool,
}

impl Peers {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These live. If Redis is `whole`, having lost nothing, nobody else does.
    pub(super) fn heard(&self, alive: BTreeSet<String>, whole: bool, now: Instant) {
        let mut seen = self.seen();
        if whole && !self.recovering.load(SeqCst) {
            seen.clear();
        }
        seen.retain(|_, last| now.duration_since(*last) < LEASE);
        seen.extend(alive.into_iter().map(|boot| (boot, now)));
    }

    /// Redis may have lost something, until it is said that it is made good.
    pub(super) fn recovering(&self, so: bool) {
        self.recovering.store(so, SeqCst);
    }

    /// Those who may live, as far as is known here.
    pub(super) fn living(&self, now: Instant) -> BTreeSet<String> {
        let seen = self.seen();
        let living = seen.iter().filter(|(_, last)| now.duration_since(**last) < LEASE);
        living.map(|(boot, _)| boot.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(boots: &[&str]) -> BTreeSet<String> {
        boots.iter().map(|boot| (*boot).to_owned()).collect()
    }

    #[test]
    fn who_lived_before_a_loss_is_waited_for_as_long_as_the_lease_would_have_lasted() {
        let (peers, begun) = (Peers::default(), Instant::now());
        peers.heard(all(&["me", "slow", "gone"]), true, begun);
        peers.heard(all(&["me", "slow"]), true, begun + LEASE / 4);
        // Redis is wiped, and only one of them has been heard of since.
        peers.heard(all(&["me"]), false, begun + LEASE / 2);
        peers.recovering(true);
        peers.heard(all(&["me"]), true, begun + LEASE / 2);
        assert_eq!(peers.living(begun + LEASE), all(&["me", "slow"]));
        assert_eq!(peers.living(begun + LEASE / 4 + LEASE), all(&["me"]));
        peers.recovering(false);
        peers.heard(all(&["me"]), true, begun + LEASE);
        assert_eq!(peers.living(begun + LEASE), all(&["me"]));
    }
}
