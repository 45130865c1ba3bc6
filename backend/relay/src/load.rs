//! Filling Redis with a scope's totals when the reservation script asks for them.

use crate::{Relay, error::RelayError, tenant::Tenant};
use causeway_domain::{OrgId, window::WindowKind};
use causeway_store::{
    hold::{self, Loaded, ScopeId},
    totals,
};
use chrono::Utc;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Locks that the scopes share.
const STRIPES: u64 = 256;

/// How often totals are read again because something was settled while they were.
const ROUNDS: usize = 8;

/// How long to wait for other instances to write what they have settled.
const PATIENCE: Duration = Duration::from_secs(5);

const WRITING: RelayError =
    RelayError::Unavailable("usage is still being written; nothing was sent to the provider");

/// One load of a scope at a time: one that is new to Redis is asked for by all its callers at once.
pub(crate) struct Loads(Vec<Mutex<()>>);

impl Loads {
    pub(crate) fn new() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }

    fn of(&self, org: OrgId, scope: ScopeId) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        (org, scope).hash(&mut hasher);
        &self.0[usize::try_from(hasher.finish() % STRIPES).unwrap_or(0)]
    }
}

/// Fills in a scope. Exact whoever settled what: events that are settled but not yet in Postgres are waited for, since
/// each is in Redis until it is written; what is settled while Postgres is read makes Redis refuse the totals, and they
/// are read again.
pub(crate) async fn scope(
    relay: &Relay,
    tenant: &Tenant,
    scope: ScopeId,
    kinds: &[WindowKind],
) -> Result<(), RelayError> {
    let (cache, org) = (&relay.store.cache, tenant.org);
    let _one = relay.loads.of(org, scope).lock().await;
    let stand = hold::standing(cache, org, scope).await?;
    if !stand.windows.iter().all(|w| tenant.has(w.kind, w.end, Utc::now())) {
        // The organisation counts its days otherwise since: where they began has to be found out again.
        hold::forget(cache, org, scope).await?;
    } else if stand.loaded && kinds.iter().all(|kind| stand.windows.iter().any(|w| w.kind == *kind)) {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let Some(epoch) = relay.ledger.held().epoch(org.shard()) else { return Ok(()) };
        let Some(generation) = hold::begin_load(cache, org, scope, epoch).await? else { return Ok(()) };
        if !relay.ledger.written().await {
            return Err(WRITING);
        }
        written_by_all(relay, tenant, scope).await?;
        let known = totals::of(&relay.store.jobs, org, scope, &tenant.calendar, kinds, Utc::now()).await?;
        match hold::load(cache, org, scope, epoch, generation, &known).await? {
            Loaded::Done | Loaded::OtherEpoch => return Ok(()),
            Loaded::Outdated => {}
        }
    }
    Err(WRITING)
}

/// Waits until whatever is settled in a scope at this moment is in Postgres.
async fn written_by_all(relay: &Relay, tenant: &Tenant, scope: ScopeId) -> Result<(), RelayError> {
    let begun = Instant::now();
    let unwritten = || hold::unwritten(&relay.store.cache, tenant.org, scope);
    let mut missing: HashSet<_> = unwritten().await?.into_iter().collect();
    while !missing.is_empty() {
        if begun.elapsed() > PATIENCE {
            return Err(WRITING);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let still: HashSet<_> = unwritten().await?.into_iter().collect();
        missing.retain(|request| still.contains(request));
    }
    Ok(())
}
