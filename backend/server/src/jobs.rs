//! What one instance does for all of them, under a lease.

use anyhow::Result;
use causeway_admin::{checks::Checks, reminders::Reminders};
use causeway_relay::Relay;
use causeway_store::{RetentionArgs, Store, keys, lease, policy, upkeep};
use chrono::Utc;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LEASE: &str = "jobs";
/// Long enough to bear a pause, short enough that nobody waits for a dead leader.
const LEASE_LASTS: Duration = Duration::from_secs(10);
const OUTBOX_EVERY: Duration = Duration::from_secs(1);
const UPKEEP_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// What a dead instance has left is in the ledger this long after its lease ran out, at the latest.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Leads are minutes: this is soon enough, and finds again what an issuer could not be asked about.
const REFRESH_EVERY: Duration = Duration::from_secs(5);

/// Minutes whose checks of accounts may be running at the same time: a provider may take its time.
const ROUNDS: usize = 5;

/// Runs the jobs until stopped, whenever this instance holds the lease.
pub(crate) async fn run(
    store: Store,
    relay: Arc<Relay>,
    retention: RetentionArgs,
    reminders: Option<Reminders>,
    checks: Checks,
    stop: CancellationToken,
) {
    let me = Uuid::now_v7().to_string();
    let mut ticks = interval(OUTBOX_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut upkeep_due, mut sweep_due) = (Instant::now(), Instant::now());
    let mut refresh_due = Instant::now();
    let checks = Arc::new(checks);
    // There from the start: what has never been counted cannot be seen to rise.
    let upkeep_failures = metrics::counter!("causeway_upkeep_failures_total");
    // What still runs at the end is given up: a check is no work that anybody waits for.
    let mut rounds = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        relay.observe();
        match lease::take(&store.cache, LEASE, &me, LEASE_LASTS).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::debug!("the lease of the jobs could not be taken: {error}");
                continue;
            }
        }
        if let Err(error) = policy::flush_outbox(&store.jobs, &store.cache).await {
            tracing::warn!("changes of policy could not be sent from the outbox: {error}");
        }
        if sweep_due <= Instant::now() {
            sweep_due = Instant::now() + SWEEP_EVERY;
            match relay.sweep(causeway_relay::LEASE).await {
                Ok(0) => {}
                Ok(count) => tracing::info!("settled {count} requests that a dead instance had left"),
                Err(error) => tracing::warn!("what dead instances have left could not be swept: {error}"),
            }
        }
        if refresh_due <= Instant::now() {
            refresh_due = Instant::now() + REFRESH_EVERY;
            if let Err(error) = relay.refresh_ahead().await {
                tracing::warn!("credentials that end soon could not be looked for: {error}");
            }
            // Of those that have ended for good.
            if let Some(reminders) = &reminders
                && let Err(error) = reminders.send().await
            {
                tracing::warn!("nobody could be told of accounts that need a person: {error}");
            }
        }
        while rounds.try_join_next().is_some() {}
        match checks.due(Utc::now()).await {
            Ok(Some(due)) if rounds.len() < ROUNDS => {
                let checks = Arc::clone(&checks);
                rounds.spawn(async move { checks.run(due).await });
            }
            Ok(Some(_)) => tracing::warn!("accounts are not checked: earlier checks take too long"),
            Ok(None) => {}
            Err(error) => tracing::warn!("accounts that are to be checked could not be looked for: {error}"),
        }
        if upkeep_due <= Instant::now() {
            match upkeep(&store, retention).await {
                Ok(()) => upkeep_due = Instant::now() + UPKEEP_EVERY,
                Err(error) => {
                    upkeep_failures.increment(1);
                    tracing::warn!("upkeep failed and will be tried again: {error:#}");
                    upkeep_due = Instant::now() + Duration::from_secs(60);
                }
            }
        }
    }
    if let Err(error) = lease::give_up(&store.cache, LEASE, &me).await {
        tracing::debug!("the lease of the jobs was not given up: {error}");
    }
}

async fn upkeep(store: &Store, retention: RetentionArgs) -> Result<()> {
    upkeep::make_partitions(&store.jobs).await?;
    for month in upkeep::forget_months(&store.jobs, retention.usage_retention_months).await? {
        tracing::info!(
            "{month} is older than USAGE_RETENTION_MONTHS: its requests are removed, its sums stay"
        );
    }
    if retention.deleted_key_retention_days > 0 {
        let purged = keys::purge(&store.jobs, retention.deleted_key_retention_days).await?;
        if purged > 0 {
            tracing::info!("forgot the secrets of {purged} API keys that were deleted long ago");
        }
    }
    let removed = upkeep::remove_stale(&store.jobs).await?;
    if removed > 0 {
        tracing::info!("removed {removed} ended sessions and old sign-in failures");
    }
    Ok(())
}
