//! Waiting for a scope's concurrency: the line is in Redis, so it holds over all instances; here is the patience.

use crate::{Relay, ledger::Ledger, scopes::Scoped};
use causeway_domain::{OrgId, RequestId};
use causeway_store::{Store, hold};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The shortest and the longest time between two questions whether it is our turn.
const OFTEN: Duration = Duration::from_millis(25);
const SELDOM: Duration = Duration::from_millis(500);

/// A request's place in line. Dropped, because it was served, refused, or its client left, it is free for the next. It
/// lasts over changes of policy: who has waited is not sent to the end of the line.
pub(crate) struct Waiting {
    store: Store,
    ledger: Arc<Ledger>,
    org: OrgId,
    request: RequestId,
    /// Scopes in whose line it may stand.
    scopes: Vec<hold::ScopeId>,
    /// Whether it may stand in any.
    entered: bool,
    since: Option<Instant>,
    /// Whether it has waited since that was last asked for.
    waited: bool,
}

impl Waiting {
    /// Not in line yet.
    pub(crate) fn new(relay: &Relay, org: OrgId, request: RequestId) -> Self {
        Self {
            store: relay.store.clone(),
            ledger: relay.ledger.clone(),
            org,
            request,
            scopes: Vec::new(),
            entered: false,
            since: None,
            waited: false,
        }
    }

    /// It may be told to wait for these scopes from now on.
    pub(crate) fn at(&mut self, scopes: &[Scoped<'_>]) {
        for scope in scopes.iter().filter(|s| s.limits.queue.is_some()) {
            if !self.scopes.contains(&scope.id) {
                self.scopes.push(scope.id);
            }
        }
    }

    /// Asks for its turn: whatever becomes of the question, it may be in line. Returns whether it may have been before.
    pub(crate) fn ask(&mut self) -> bool {
        std::mem::replace(&mut self.entered, true)
    }

    /// It has been told, or not, that it is in line.
    pub(crate) fn answered(&mut self, entered: bool) {
        self.entered = entered;
    }

    /// Waits a moment, the longer the more come before; shorter when something ends here. False when patience is over.
    pub(crate) async fn turn(&mut self, place: usize, patience: Duration) -> bool {
        self.waited = true;
        let until = *self.since.get_or_insert_with(Instant::now) + patience;
        if Instant::now() >= until {
            return false;
        }
        let pause = OFTEN.saturating_mul(u32::try_from(place + 1).unwrap_or(u32::MAX)).min(SELDOM);
        let _ = tokio::time::timeout_at(until.min(Instant::now() + pause), self.ledger.next_settled()).await;
        true
    }

    /// How long it has been.
    pub(crate) fn waited(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether it has waited since this was last asked.
    pub(crate) fn has_waited(&mut self) -> bool {
        std::mem::take(&mut self.waited)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.entered || self.scopes.is_empty() {
            return;
        }
        let (store, org, request) = (self.store.clone(), self.org, self.request);
        let scopes = std::mem::take(&mut self.scopes);
        self.ledger.clone().spawn(async move {
            // Should it fail, the place is free a few seconds after it was last asked for.
            let _ = hold::leave(&store.cache, org, &scopes, request).await;
        });
    }
}
