//! How busy the accounts are that are chosen by it: what runs there on all instances, as of a moment ago, and what this
//! instance has sent there since.

use causeway_domain::{AccountId, OrgId};
use causeway_store::{Store, StoreError, hold};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// For how long an account that nobody asks about is watched on.
const WATCHED: Duration = Duration::from_secs(60);

/// The most accounts that are watched.
const MOST: usize = 10_000;

/// What is known of each account that is asked about.
#[derive(Default)]
pub(super) struct Busy(Mutex<HashMap<AccountId, Known>>);

struct Known {
    org: OrgId,
    /// On all instances, when it was looked at last.
    open: u32,
    /// Sent there by this instance since.
    sent: u32,
    asked: Instant,
}

impl Busy {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests run at an account. From now on it is watched.
    pub(super) fn open(&self, org: OrgId, account: AccountId) -> u32 {
        let mut all = self.all();
        if !all.contains_key(&account) && all.len() >= MOST {
            return 0;
        }
        let known = all.entry(account).or_insert(Known { org, open: 0, sent: 0, asked: Instant::now() });
        known.asked = Instant::now();
        known.open.saturating_add(known.sent)
    }

    /// Notes that a request goes to an account, if that is watched.
    pub(super) fn sent(&self, account: AccountId) {
        if let Some(known) = self.all().get_mut(&account) {
            known.sent = known.sent.saturating_add(1);
        }
    }

    /// Looks at all that are watched.
    pub(super) async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let watched: Vec<(OrgId, AccountId)> = {
            let mut all = self.all();
            all.retain(|_, known| known.asked.elapsed() < WATCHED);
            all.iter().map(|(account, known)| (known.org, *account)).collect()
        };
        if watched.is_empty() {
            return Ok(());
        }
        let open = hold::open_at(&store.cache, &watched).await?;
        let mut all = self.all();
        for ((_, account), open) in watched.iter().zip(open) {
            if let Some(known) = all.get_mut(account) {
                (known.open, known.sent) = (open, 0);
            }
        }
        Ok(())
    }
}
