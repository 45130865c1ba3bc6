//! What Prometheus is told of the ledger as a whole. Every instance reports the same figures, which are the installation's and
//! not its own: a dashboard takes the largest.

use causeway_store::{Store, StoreResult, boots, dead_letters, lag};
use chrono::Utc;
use metrics::gauge;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// As often as Prometheus usually asks.
const EVERY: Duration = Duration::from_secs(15);

/// Reports until stopped.
pub(crate) async fn run(store: Store, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // Each by itself: with Postgres away, what waits for it is what matters.
        report("the ledger's lag", waiting(&store)).await;
        report("dead letters", buried(&store)).await;
        report("instances", alive(&store)).await;
    }
}

async fn report(what: &str, figures: impl Future<Output = StoreResult<()>>) {
    match timeout(EVERY, figures).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("{what} could not be measured: {error}"),
        Err(_) => tracing::debug!("{what} could not be measured in time"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges for people to look at")]
async fn waiting(store: &Store) -> StoreResult<()> {
    let waiting = lag::of_all(&store.cache).await?;
    gauge!("causeway_ledger_unwritten").set(waiting.count as f64);
    gauge!("causeway_ledger_behind_seconds").set(waiting.oldest_seconds(Utc::now()) as f64);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "gauges for people to look at")]
async fn buried(store: &Store) -> StoreResult<()> {
    gauge!("causeway_ledger_dead_letters").set(dead_letters::count_all(&store.jobs).await? as f64);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "gauges for people to look at")]
async fn alive(store: &Store) -> StoreResult<()> {
    gauge!("causeway_instances").set(boots::alive(&store.cache).await?.len() as f64);
    Ok(())
}
