//! Refusals by limits, budgets and the rules of keys, for the people who ask why. A client that goes on asking is refused a
//! thousand times for one reason: of those one is kept a minute.

use crate::{Relay, call::Call, error::RelayError, identify::Caller, trail::Trail};
use causeway_domain::{KeyId, RequestId};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Of one key for one reason, one in so long is kept by each instance.
const EVERY: Duration = Duration::from_secs(60);

/// How many keys and reasons are remembered at most. Beyond, nothing is kept until some of them are forgotten.
const MOST: usize = 10_000;

/// What was kept of late.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<(KeyId, &'static str), Instant>>);

impl Refusals {
    /// Whether to keep a refusal of a key for a reason.
    fn is_due(&self, key: KeyId, reason: &'static str, now: Instant) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |last: &Instant| now.saturating_duration_since(*last) < EVERY;
        if kept.get(&(key, reason)).is_some_and(fresh) {
            return false;
        }
        if kept.len() >= MOST {
            kept.retain(|_, last| fresh(last));
        }
        kept.len() < MOST && {
            kept.insert((key, reason), now);
            true
        }
    }
}

impl Relay {
    /// Keeps that a request was refused before any account was chosen for it, where somebody can do something about that.
    pub(crate) fn note_refusal(&self, error: &RelayError, id: RequestId, caller: &Caller, call: &Call) {
        if error.is_of_a_rule() && self.refusals.is_due(caller.principal.key, error.reason(), Instant::now())
        {
            self.explain(&Trail::default(), id, caller, call, Some(error.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn of_one_key_and_reason_one_a_minute_is_kept() {
        let refusals = Refusals::default();
        let (a, b) = (KeyId(Uuid::from_u128(1)), KeyId(Uuid::from_u128(2)));
        let start = Instant::now();
        let due = |key, reason, seconds| refusals.is_due(key, reason, start + Duration::from_secs(seconds));
        assert!(due(a, "budget_usd", 0));
        assert!(!due(a, "budget_usd", 59));
        assert!(due(a, "concurrency", 1) && due(b, "budget_usd", 1), "each by itself");
        assert!(due(a, "budget_usd", 60) && !due(a, "budget_usd", 61));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten() {
        let refusals = Refusals::default();
        let start = Instant::now();
        for n in 0..MOST as u128 {
            assert!(refusals.is_due(KeyId(Uuid::from_u128(n)), "concurrency", start));
        }
        let another = KeyId(Uuid::from_u128(u128::MAX));
        assert!(!refusals.is_due(another, "concurrency", start + EVERY / 2));
        assert!(refusals.is_due(another, "concurrency", start + EVERY));
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }
}
