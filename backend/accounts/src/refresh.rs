//! Keeping credentials alive. A token that is over, or soon will be, is exchanged for another: ahead of time by a job
//! ([`Refresher::sweep`]), and by the request that finds it refused ([`Refresher::refresh`]).
//!
//! Issuers that rotate refresh tokens take one that comes twice for stolen and end the grant. So of all instances one asks,
//! under a lease that lasts longer than the call ([`lease`]), having looked again at what is in force; what it gets is
//! written down before anybody uses it, in the place of exactly the version that it was had for ([`keeping`]). Whoever else
//! wants the same meanwhile waits: in one instance for the one call, across instances for the version. Nothing is asked for
//! an account that a person has switched off.

mod asking;
mod flight;
mod keeping;
mod lease;
mod pace;
mod sweep;
#[cfg(test)]
mod tests;

pub use pace::Pace;

use crate::{Catalogue, SealingKey, oauth::TokenClient};
use causeway_domain::{AccountId, OrgId};
use causeway_store::{
    Store, StoreError,
    credentials::{self, Held},
    policy,
    tenant::PolicyChange,
};
use chrono::{DateTime, TimeDelta, Utc};
use flight::Flights;
use lease::Lease;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How often one looks whether another instance is done.
const LOOK: Duration = Duration::from_millis(150);

/// Who waits for another instance waits for as long as that one may hold the lease, and a little.
const OTHERS: Duration = lease::LASTS.saturating_add(Duration::from_secs(5));

/// A token that was refused so soon after it was had is not refused for its age.
const JUST_HAD: TimeDelta = TimeDelta::seconds(60);

/// When to come back where a database was away.
const SOON: TimeDelta = TimeDelta::seconds(2);

/// Issuers that are asked by the job at the same time.
const AT_ONCE: usize = 16;

/// Refreshes credentials. Cheap to clone; clones share what is under way.
#[derive(Clone)]
pub struct Refresher(Arc<Shared>);

struct Shared {
    store: Store,
    sealing: SealingKey,
    catalogue: Catalogue,
    issuers: TokenClient,
    pace: Pace,
    /// Names this instance in leases.
    instance: String,
    flights: Flights,
    /// Refreshes that run: they go on without whoever wanted them, because what an issuer has handed out must be kept.
    tasks: TaskTracker,
    ahead: Arc<Semaphore>,
}

/// What is to be refreshed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// The credential that will not do: a newer one will.
    pub version: i64,
    /// Why not.
    pub why: Why,
}

/// Why a credential should be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It ends soon.
    Ahead,
    /// It has ended.
    Over,
    /// The provider has refused it, whenever it should end.
    Refused,
    /// A person wants it, and does not wait for the time that is kept between failures.
    Person,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a credential that will do: this version, or a newer one.
    Ready {
        /// Which.
        version: i64,
    },
    /// The issuer says that the grant is over. The account is out of use until a person authorises it anew.
    Dead {
        /// In the issuer's words.
        reason: String,
    },
    /// Not now: the issuer is away, or refuses for reasons of its own. Nothing is known against the grant.
    Later {
        /// Nobody asks again before then.
        until: DateTime<Utc>,
        /// What happened.
        reason: String,
    },
    /// A person has switched the account off or deleted it.
    Off,
    /// Nothing that could be refreshed, or of no use: what was refused had only just been had.
    Unfit {
        /// Why.
        reason: String,
    },
}

impl Refresher {
    /// One for an instance.
    pub fn new(
        store: Store,
        sealing: SealingKey,
        catalogue: Catalogue,
        issuers: TokenClient,
        pace: Pace,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            sealing,
            catalogue,
            issuers,
            pace,
            instance: Uuid::new_v4().simple().to_string(),
            flights: Flights::default(),
            tasks: TaskTracker::new(),
            ahead: Arc::new(Semaphore::new(AT_ONCE)),
        }))
    }

    /// Refreshes a credential, or waits for whoever is at it, at most this long. It goes on if this is dropped.
    pub async fn refresh(&self, wanted: Wanted, patience: Duration) -> Outcome {
        let until = Instant::now() + patience;
        // One that had begun for somebody else may not be what is wanted here; a second one is.
        for last in [false, true] {
            let mut flight = self.join(wanted);
            let outcome = match tokio::time::timeout_at(until, flight.outcome()).await {
                Ok(Some(outcome)) => outcome,
                Ok(None) => later("the refresh ended without an outcome"),
                Err(_) => later("the credential is being refreshed"),
            };
            if last || flight.serves(wanted, &outcome) {
                return outcome;
            }
        }
        later("the credential is being refreshed")
    }

    /// Begins to refresh a credential, for nobody in particular.
    pub fn begin(&self, wanted: Wanted) {
        drop(self.join(wanted));
    }

    /// Waits for refreshes that are under way, at most this long: what issuers have handed out would be lost.
    pub async fn close(&self, patience: Duration) {
        self.0.tasks.close();
        if tokio::time::timeout(patience, self.0.tasks.wait()).await.is_err() {
            tracing::error!("credentials were being refreshed when this instance stopped");
        }
    }
}

impl Shared {
    /// The refresh itself, once in this instance.
    async fn run(&self, wanted: Wanted) -> Outcome {
        let begun = Instant::now();
        let outcome = self.alone(wanted).await.unwrap_or_else(|error| {
            tracing::warn!(org = %wanted.org, account = %wanted.account, %error, "a credential could not be refreshed");
            Outcome::Later { until: Utc::now() + SOON, reason: "a database is not available".to_owned() }
        });
        let told = outcome.as_str();
        metrics::counter!("causeway_credential_refreshes_total", "outcome" => told).increment(1);
        tracing::info!(
            org = %wanted.org, account = %wanted.account, why = ?wanted.why, outcome = told,
            took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "a credential was looked after"
        );
        outcome
    }

    /// Once in all instances.
    async fn alone(&self, wanted: Wanted) -> Result<Outcome, StoreError> {
        let until = Instant::now() + OTHERS;
        let lease = loop {
            let Some(held) = self.held(wanted).await? else { return Ok(Outcome::Off) };
            if let Some(outcome) = settled(&held, wanted, Utc::now()) {
                return Ok(outcome);
            }
            if let Some(lease) = Lease::take(&self.store.cache, wanted, &self.instance).await? {
                break lease;
            }
            if Instant::now() >= until {
                return Ok(later("another instance is refreshing the credential"));
            }
            tokio::time::sleep(LOOK).await;
        };
        // Only now nobody else changes it; a person may, which is noticed when it is written.
        let outcome = match self.held(wanted).await {
            Ok(None) => Ok(Outcome::Off),
            Ok(Some(held)) => match settled(&held, wanted, Utc::now()) {
                Some(outcome) => Ok(outcome),
                None => self.ask(wanted, held, &lease).await,
            },
            Err(error) => Err(error),
        };
        lease.give_up().await;
        outcome
    }

    async fn held(&self, wanted: Wanted) -> Result<Option<Held>, StoreError> {
        credentials::held(&self.store.jobs, wanted.org, wanted.account).await
    }

    /// Tells every instance. What fails here is made up for by the outbox.
    async fn tell(&self, change: Option<PolicyChange>) {
        let Some(change) = change else { return };
        if let Err(error) = policy::publish(&self.store.cache, change).await {
            tracing::warn!(org = %change.org, %error, "a new credential reaches the relay by the outbox");
        }
    }
}

/// What is clear without asking the issuer.
fn settled(held: &Held, wanted: Wanted, now: DateTime<Utc>) -> Option<Outcome> {
    if !held.enabled {
        return Some(Outcome::Off);
    }
    if held.dead {
        return Some(Outcome::Dead { reason: held.reason.clone().unwrap_or_default() });
    }
    if held.version > wanted.version && held.expires_at.is_none_or(|end| end > now) {
        return Some(Outcome::Ready { version: held.version });
    }
    if let Some(until) = held.after.filter(|after| *after > now && wanted.why != Why::Person) {
        return Some(Outcome::Later { until, reason: held.reason.clone().unwrap_or_default() });
    }
    let just_had = held.refreshed_at.is_some_and(|at| now - at < JUST_HAD);
    if wanted.why == Why::Refused && just_had {
        let reason = "it was refused right after it had been refreshed".to_owned();
        return Some(Outcome::Unfit { reason });
    }
    None
}

fn later(reason: &str) -> Outcome {
    Outcome::Later { until: Utc::now() + TimeDelta::seconds(1), reason: reason.to_owned() }
}

impl Outcome {
    /// For metrics and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Dead { .. } => "dead",
            Self::Later { .. } => "later",
            Self::Off => "off",
            Self::Unfit { .. } => "unfit",
        }
    }
}
