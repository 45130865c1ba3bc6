//! Trying an account whose time is over: one request at a time, over all instances, under a lease that ends by itself
//! should its holder die.

use super::{Entry, Health};
use causeway_accounts::rules::Row;
use causeway_domain::RequestId;
use causeway_store::cooldowns;
use chrono::Utc;
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

/// How long after somebody else was found to be trying, nobody here asks again.
const ASK_AGAIN_MS: i64 = 500;

/// The right to try. Dropped without a word, it lets the next request try.
pub(crate) struct Probe {
    health: Arc<Health>,
    entry: Arc<Entry>,
    holder: String,
}

impl Health {
    /// Asks to be the one that tries, for so long at most. `None` = somebody else is.
    pub(crate) async fn probe(
        self: &Arc<Self>,
        entry: Arc<Entry>,
        request: RequestId,
        lasts: Duration,
    ) -> Option<Probe> {
        let now = Utc::now().timestamp_millis();
        let lasts_ms = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2);
        // Among the requests of this instance first.
        let free = entry
            .tried_until
            .fetch_update(Relaxed, Relaxed, |until| (until <= now).then(|| now.saturating_add(lasts_ms)));
        if free.is_err() {
            return None;
        }
        let c = &entry.cooldown;
        let mut probe =
            Probe { health: self.clone(), entry: entry.clone(), holder: request.0.simple().to_string() };
        let cache = &self.store.cache;
        match cooldowns::take_probe(cache, c.org, c.account, &c.scope, &probe.holder, lasts).await {
            // Where Redis is away, one for each instance is few enough.
            Ok(true) | Err(_) => Some(probe),
            Ok(false) => {
                entry.tried_until.store(now + ASK_AGAIN_MS, Relaxed);
                probe.holder.clear();
                None
            }
        }
    }
}

impl Probe {
    /// It went well: the account is as good as any other from now on.
    pub(crate) fn succeeded(self, model: &str) {
        self.health.succeeded(&self.entry.cooldown, model);
    }

    /// Whether it is a way that is tried, and not an account.
    pub(crate) fn is_of_a_way(&self) -> bool {
        matches!(self.entry.row, Row::ProxyUnavailable | Row::Challenge)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.holder.is_empty() {
            return;
        }
        self.entry.tried_until.store(0, Relaxed);
        let (health, entry, holder) =
            (self.health.clone(), self.entry.clone(), std::mem::take(&mut self.holder));
        // Outside a runtime there is nobody left to try either.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let c = &entry.cooldown;
            let _ =
                cooldowns::give_probe_back(&health.store.cache, c.org, c.account, &c.scope, &holder).await;
        });
    }
}
