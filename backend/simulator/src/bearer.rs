//! Access tokens that were issued here, whichever issuer made them: whose they are, what they open, until when. What
//! has ended is remembered, so that a call with it is on record under its owner and is refused in the right words.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What a token opens. A token for one is nothing at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Realm {
    /// The providers' own endpoints, for an account's owner who consented.
    Account,
    /// The cloud platform, for a service account.
    Cloud,
}

/// Whose a token is.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) subject: String,
    pub(crate) grant: Option<String>,
    pub(crate) realm: Realm,
    until: Instant,
    revoked: bool,
}

/// Whether a token still opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    Expired,
    Revoked,
}

impl Holder {
    pub(crate) fn new(realm: Realm, subject: &str, grant: Option<&str>, life: Duration) -> Self {
        let until = Instant::now() + life;
        let grant = grant.map(str::to_owned);
        Self { subject: subject.to_owned(), grant, realm, until, revoked: false }
    }

    pub(crate) fn standing(&self) -> Standing {
        match () {
            () if self.revoked => Standing::Revoked,
            () if Instant::now() >= self.until => Standing::Expired,
            () => Standing::Good,
        }
    }

    /// Whether it opens this, now.
    pub(crate) fn opens(&self, realm: Realm) -> bool {
        self.realm == realm && self.standing() == Standing::Good
    }
}

#[derive(Default)]
pub(crate) struct Bearers(Mutex<HashMap<String, Holder>>);

impl Bearers {
    pub(crate) fn issue(&self, token: &str, holder: Holder) {
        self.tokens().insert(token.to_owned(), holder);
    }

    pub(crate) fn find(&self, token: &str) -> Option<Holder> {
        self.tokens().get(token).cloned()
    }

    /// All tokens of a grant are worth nothing from now on.
    pub(crate) fn revoke(&self, grant: &str) {
        for holder in self.tokens().values_mut().filter(|holder| holder.grant.as_deref() == Some(grant)) {
            holder.revoked = true;
        }
    }

    /// The time of everything in this realm is over, so that a test need not wait for it.
    pub(crate) fn expire(&self, realm: Realm) {
        let now = Instant::now();
        for holder in self.tokens().values_mut().filter(|holder| holder.realm == realm) {
            holder.until = holder.until.min(now);
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Holder>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
