//! The installation's keys while it runs: which of two seals, and those that outlive its secret.

use crate::config::Secrets;
use anyhow::{Context, Result};
use causeway_accounts::{
    SealError, SealingKey,
    sealing::{FOLLOWED_WITHIN, RECOVERY_CODES},
};
use causeway_store::{AppDb, Store};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The key of recovery codes. In the beginning it is derived from the secret, as it always was before it was kept; from the
/// one before where the exchange of that has not begun.
pub(crate) async fn of_recovery_codes(
    db: &AppDb,
    secrets: &Secrets,
    sealing: &SealingKey,
) -> Result<Zeroizing<[u8; 32]>> {
    let first = secrets.previous.as_ref().unwrap_or(&secrets.master).derive("recovery code 1");
    sealing.keep(db, RECOVERY_CODES, &first).await.context("opening the key of recovery codes")
}

/// Looks which key is to seal until stopped, for whoever runs while the key is exchanged.
pub(crate) async fn watch(sealing: SealingKey, store: Store, stop: CancellationToken) {
    let mut ticks = interval(FOLLOWED_WITHIN / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        match sealing.follow(&store.app).await {
            Ok(()) => told = false,
            Err(error @ (SealError::Misfit { .. } | SealError::Exchanged { .. })) if !told => {
                told = true;
                tracing::error!(%error, "this instance cannot open what others seal; restart it with both keys");
            }
            Err(error) => tracing::debug!(%error, "which key seals could not be looked at"),
        }
    }
}
