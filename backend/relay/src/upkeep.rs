//! What an instance does beside serving: its jobs, its gauges, and its end.

use crate::Relay;
use causeway_accounts::Refresher;
use causeway_store::StoreError;
use metrics::gauge;
use std::time::{Duration, Instant};

impl Relay {
    /// The id of this instance's life, under which its holds are kept.
    pub fn boot(&self) -> &str {
        self.ledger.boot()
    }

    /// Settles what instances have left that have been silent for `grace` beyond their lease ([`LEASE`] is right where
    /// Redis may have restarted). For a job that one instance runs. Returns how many requests were settled.
    pub async fn sweep(&self, grace: Duration) -> Result<usize, StoreError> {
        self.sweeper.lock().await.sweep(&self.store, grace).await
    }

    /// What refreshes credentials, for those who refresh them beside the relay: one instance has one.
    pub fn refresher(&self) -> Refresher {
        self.refresher.clone()
    }

    /// Begins to refresh credentials that end soon. For a job that one instance runs. Returns how many.
    pub async fn refresh_ahead(&self) -> Result<usize, StoreError> {
        self.refresher.sweep().await
    }

    /// Brings the gauges up to date. For a job.
    pub fn observe(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge for people to look at")]
        gauge!("causeway_ledger_pending").set(self.ledger.pending() as f64);
        // What that is measured against: beyond it requests are refused.
        gauge!("causeway_ledger_capacity").set(f64::from(self.args.ledger_capacity));
    }

    /// Lets no more WebSockets open, and those that are end as soon as no answer is under way on them: their clients come
    /// again, to whoever serves then.
    pub fn retire_sockets(&self) {
        self.sockets.retire();
    }

    /// Ends all WebSockets at once; what was under way is settled as if its client had left.
    pub fn cut_sockets(&self) {
        self.sockets.cut();
    }

    /// Waits until no WebSocket is open, after one of those two.
    pub async fn sockets_ended(&self) {
        self.sockets.ended().await;
    }

    /// Waits until every request is settled and written, at most this long. Call when no more requests are accepted
    /// and the connections are closed. What is left of WebSockets is cut.
    pub async fn close(&self, patience: Duration) {
        let begun = Instant::now();
        self.cut_sockets();
        if tokio::time::timeout(patience, self.sockets_ended()).await.is_err() {
            tracing::warn!("WebSockets did not end in time");
        }
        let patience = patience.saturating_sub(begun.elapsed());
        // A token that an issuer has handed out and nobody has written down yet would be lost.
        tokio::join!(self.ledger.close(&self.store, patience), self.refresher.close(patience));
    }
}
