//! The end of the process: asked for once it is orderly, asked for twice it is soon.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    /// Stop accepting, let live requests end.
    pub(crate) begin: CancellationToken,
    /// Do not wait for live requests any longer. What they used is settled all the same.
    pub(crate) hurry: CancellationToken,
}

impl Shutdown {
    /// Listens for Ctrl-C and SIGTERM until the process ends.
    pub(crate) fn on_signals() -> Result<Self> {
        let shutdown = Self::default();
        let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
        let told = shutdown.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if told.begin.is_cancelled() {
                    tracing::info!("asked again: not waiting for live requests any longer");
                    told.hurry.cancel();
                } else {
                    tracing::info!("stopping: live requests may end; ask again not to wait for them");
                    told.begin.cancel();
                }
            }
        });
        Ok(shutdown)
    }
}
