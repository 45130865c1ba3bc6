//! Waiting for a scope's concurrency: the line is in Redis, so it holds over all instances; here is the patience.

use crate::{Relay, ledger::Ledger, scopes::Scoped};
use causeway_domain::{OrgId, RequestId};
use causeway_store::{Store, hold};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The shortest and the longest time between two questions whether it is our turn.
const OFTEN: Duration = Duration::from_millis(25);
const SELDOM: Duration = Duration::from_millis(500);

/// A request's place in line. Dropped, because it was served, refused, or its client left, it is free for the next.
pub(crate) struct Waiting {
    store: Store,
    ledger: Arc<Ledger>,
    org: OrgId,
    request: RequestId,
    scopes: Vec<hold::ScopeId>,
    since: Instant,
}

impl Waiting {
    pub(crate) fn new(relay: &Relay, org: OrgId, request: RequestId, scopes: &[Scoped<'_>]) -> Self {
        let queued = scopes.iter().filter(|s| s.limits.queue.is_some()).map(|s| s.id).collect();
        Self {
            store: relay.store.clone(),
            ledger: relay.ledger.clone(),
            org,
            request,
            scopes: queued,
            since: Instant::now(),
        }
    }

    /// Waits a moment, the longer the more come before; shorter when something ends here. False when patience is over.
    pub(crate) async fn turn(&self, place: usize, patience: Duration) -> bool {
        let until = self.since + patience;
        if Instant::now() >= until {
            return false;
        }
        let pause = OFTEN.saturating_mul(u32::try_from(place + 1).unwrap_or(u32::MAX)).min(SELDOM);
        let _ = tokio::time::timeout_at(until.min(Instant::now() + pause), self.ledger.next_settled()).await;
        true
    }

    /// How long it has been.
    pub(crate) fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let (store, org, request) = (self.store.clone(), self.org, self.request);
        let scopes = std::mem::take(&mut self.scopes);
        self.ledger.clone().spawn(async move {
            // Should it fail, the place is free a few seconds after it was last asked for.
            let _ = hold::leave(&store.cache, org, &scopes, request).await;
        });
    }
}
