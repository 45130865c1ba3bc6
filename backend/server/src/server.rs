//! The server itself: everything wired together, run until it is asked to stop, and taken down in order.
//!
//! The order at the end: no new connections; live requests end or are cut after the grace; what they used is settled;
//! the jobs stop; the pools close. Only then may Postgres and Redis go away.

use crate::{
    config::Http,
    http::{dispatch::Dispatch, docs, health::Ready, listen, metrics, routes},
    jobs,
    shutdown::Shutdown,
    telemetry,
};
use anyhow::{Context, Result};
use causeway_store::{Store, StoreArgs};
use secrecy::SecretSlice;
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

/// Everything that the server needs, checked.
pub(crate) struct Settings {
    pub(crate) http: Http,
    pub(crate) store: StoreArgs,
    pub(crate) secret: SecretSlice<u8>,
    /// Loopback providers over plain http are allowed.
    pub(crate) demo: bool,
}

/// Listeners that have been bound: a port that is taken must be known before anything is started.
pub(crate) struct Listeners {
    main: TcpListener,
    metrics: TcpListener,
}

/// A server that answers.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where the metrics are.
    pub(crate) metrics: SocketAddr,
    pub(crate) store: Store,
    grace: Duration,
    shutdown: Shutdown,
    connections: TaskTracker,
    background: TaskTracker,
    stop_background: CancellationToken,
}

impl Listeners {
    /// Takes both ports. `flexible` is for a machine with several installations.
    pub(crate) fn bind(http: &Http, flexible: bool) -> Result<Self> {
        Ok(Self {
            main: listen::bind(http.address, "LISTEN and PORT")?,
            metrics: metrics::bind(http.metrics, flexible)?,
        })
    }
}

/// Connects to the stores and starts to serve. Migrations must have run.
pub(crate) async fn start(settings: Settings, listeners: Listeners, shutdown: Shutdown) -> Result<Running> {
    let handle = telemetry::install_metrics()?;
    listen::raise_file_limit().unwrap_or_else(|error| tracing::warn!("{error:#}"));
    let store = Store::connect(&settings.store).await.context("connecting to Postgres and Redis")?;
    let (connections, background) = (TaskTracker::new(), TaskTracker::new());
    let stop_background = CancellationToken::new();

    let https = settings.http.public_url.scheme() == "https";
    let ready = Ready::new(store.clone(), shutdown.clone());
    let document = docs::document();
    let router = routes::router(axum::Router::new(), document, ready, https)?;
    background.spawn(jobs::run(store.clone(), stop_background.clone()));

    let running = Running {
        address: listeners.main.local_addr()?,
        metrics: listeners.metrics.local_addr()?,
        store,
        grace: settings.http.grace,
        shutdown: shutdown.clone(),
        connections: connections.clone(),
        background: background.clone(),
        stop_background: stop_background.clone(),
    };
    background.spawn(metrics::serve(listeners.metrics, handle, stop_background));
    let dispatch = Dispatch::new(router);
    background.spawn(listen::serve(listeners.main, settings.http.tls, dispatch, shutdown, connections));
    Ok(running)
}

/// The one-time link of the first start, while it has not been used.
pub(crate) async fn setup_link(store: &Store, public_url: &Url) -> Result<Option<String>> {
    let token = causeway_store::setup::issue_token(&store.app).await.context("making the set-up link")?;
    Ok(token.map(|token| format!("{public_url}web/setup?token={token}")))
}

impl Running {
    /// Serves until asked to stop, then takes everything down in order.
    pub(crate) async fn run(self) {
        self.shutdown.begin.cancelled().await;
        self.connections.close();
        if !self.connections.is_empty() {
            tracing::info!("waiting up to {:?} for {} connections", self.grace, self.connections.len());
        }
        tokio::select! {
            () = self.connections.wait() => {}
            () = tokio::time::sleep(self.grace) => {
                tracing::warn!("{} connections are cut: they did not end within {:?}", self.connections.len(), self.grace);
            }
            () = self.shutdown.hurry.cancelled() => {}
        }
        self.shutdown.hurry.cancel();
        self.connections.wait().await;
        tracing::info!("no more requests");

        self.stop_background.cancel();
        self.background.close();
        if tokio::time::timeout(Duration::from_secs(10), self.background.wait()).await.is_err() {
            tracing::warn!("background tasks did not end in time");
        }
        let close =
            async { tokio::join!(self.store.app.close(), self.store.relay.close(), self.store.jobs.close()) };
        if tokio::time::timeout(Duration::from_secs(5), close).await.is_err() {
            tracing::warn!("connections to Postgres were still in use");
        }
    }
}
