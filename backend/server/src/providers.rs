//! Keeping up with what an operator changes of providers, at this instance or another.

use causeway_accounts::Catalogue;
use causeway_store::Store;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The relay looks by itself before it reads an organisation anew; this is for everything else.
const EVERY: Duration = Duration::from_secs(2);

/// Looks until stopped.
pub(crate) async fn watch(catalogue: Catalogue, store: Store, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        if let Err(error) = catalogue.refresh(&store.app).await {
            tracing::debug!(%error, "the providers could not be looked at");
        }
    }
}
