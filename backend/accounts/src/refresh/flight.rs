//! Of those who want the same credential in one instance, one asks and the others wait for it.

use super::{Outcome, Refresher, Wanted, Why};
use causeway_domain::AccountId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

type Told = watch::Receiver<Option<Outcome>>;

/// What is under way in this instance.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<AccountId, (Wanted, Told)>>>);

/// A refresh that somebody waits for.
pub(super) struct Flight {
    /// What it began for.
    begun_for: Wanted,
    told: Told,
}

impl Flight {
    /// What comes of it; `None` when it broke off.
    pub(super) async fn outcome(&mut self) -> Option<Outcome> {
        self.told.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Whether what came of it answers somebody who may have joined it later.
    pub(super) fn serves(&self, wanted: Wanted, outcome: &Outcome) -> bool {
        match outcome {
            // It had begun before the credential that will not do was there.
            Outcome::Ready { version } => *version > wanted.version,
            // A person does not wait for what others have to, and what has ended may be asked for that was not refused.
            Outcome::Later { .. } | Outcome::Unfit { .. } => {
                wanted.why == self.begun_for.why || wanted.why != Why::Person
            }
            Outcome::Dead { .. } | Outcome::Off => true,
        }
    }
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, (Wanted, Told)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a refresh off the list when it is over, however it ends.
struct Landing {
    flights: Flights,
    account: AccountId,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.account);
    }
}

impl Refresher {
    /// The refresh of this account that is under way, or a new one.
    pub(super) fn join(&self, wanted: Wanted) -> Flight {
        let mut flights = self.0.flights.lock();
        if let Some((begun_for, told)) = flights.get(&wanted.account) {
            return Flight { begun_for: *begun_for, told: told.clone() };
        }
        let (tell, told) = watch::channel(None);
        flights.insert(wanted.account, (wanted, told.clone()));
        drop(flights);
        let landing = Landing { flights: self.0.flights.clone(), account: wanted.account };
        let shared = Arc::clone(&self.0);
        self.0.tasks.spawn(async move {
            let outcome = shared.run(wanted).await;
            drop(landing);
            let _ = tell.send(Some(outcome));
        });
        Flight { begun_for: wanted, told }
    }
}
