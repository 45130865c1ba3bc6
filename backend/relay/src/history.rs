//! What requests have used before: for organisations that reserve what is to be expected instead of what is possible.

use causeway_domain::KeyId;
use moka::sync::Cache;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How many answers of each key and model are remembered.
const REMEMBERED: usize = 128;

/// Below so many nothing is known, and the worst case is reserved.
const ENOUGH: usize = 20;

/// Of a hundred answers, this many were not longer than what is expected.
const PERCENT: usize = 95;

/// The lengths of late answers.
pub(crate) struct History {
    known: Cache<(KeyId, String), Arc<Mutex<Lengths>>>,
}

#[derive(Default)]
struct Lengths {
    ring: Vec<u64>,
    next: usize,
}

impl History {
    pub(crate) fn new() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Self { known: Cache::builder().max_capacity(10_000).time_to_idle(day).build() }
    }

    /// Remembers an answer of so many output tokens.
    pub(crate) fn note(&self, key: KeyId, model: &str, output: u64) {
        let lengths = self.known.get_with((key, model.to_owned()), Arc::default);
        let mut lengths = lengths.lock().unwrap_or_else(PoisonError::into_inner);
        let at = lengths.next % REMEMBERED;
        match lengths.ring.get_mut(at) {
            Some(oldest) => *oldest = output,
            None => lengths.ring.push(output),
        }
        lengths.next = at + 1;
    }

    /// The output that few answers exceed; `None` while too little is known.
    pub(crate) fn likely_output(&self, key: KeyId, model: &str) -> Option<u64> {
        let lengths = self.known.get(&(key, model.to_owned()))?;
        let mut sorted = lengths.lock().unwrap_or_else(PoisonError::into_inner).ring.clone();
        if sorted.len() < ENOUGH {
            return None;
        }
        sorted.sort_unstable();
        sorted.get((sorted.len() * PERCENT).div_ceil(100) - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_expected_is_what_few_of_the_late_answers_exceed() {
        let (history, key) = (History::new(), KeyId(Uuid::now_v7()));
        for n in 1..ENOUGH as u64 {
            history.note(key, "m", n);
        }
        assert_eq!(history.likely_output(key, "m"), None);
        (0..REMEMBERED as u64).for_each(|n| history.note(key, "m", n + 1));
        assert_eq!(history.likely_output(key, "m"), Some(122));
        assert_eq!(history.likely_output(key, "other"), None);
    }
}
