//! The server itself: everything wired together, run until it is asked to stop, and taken down in order.
//!
//! The order at the end: no new connections; live requests end or are cut after the grace; what they used is settled;
//! the jobs stop; the pools close. Only then may Postgres and Redis go away.

use crate::{
    config::{Http, Secrets},
    gauges,
    http::{dispatch::Dispatch, docs, health::Ready, listen, metrics, routes},
    jobs, keys,
    playground::Played,
    prices::Prices,
    providers,
    shutdown::Shutdown,
    telemetry,
};
use anyhow::{Context, Result};
use causeway_accounts::{AddressPolicy, Catalogue};
use causeway_admin::{AdminArgs, AdminState, Wiring, checks::Checks, mail::Mailer, reminders::Reminders};
use causeway_domain::TrustedProxies;
use causeway_relay::{Relay, RelayArgs};
use causeway_store::{RetentionArgs, Store, StoreArgs};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

/// How long the ledger may take at the end. What it does not manage is in Redis, and swept by whoever starts next.
const SETTLE_WITHIN: Duration = Duration::from_secs(20);

/// Everything that the server needs, checked.
pub(crate) struct Settings {
    pub(crate) http: Http,
    pub(crate) store: StoreArgs,
    pub(crate) secrets: Secrets,
    /// Where upstream accounts may point to.
    pub(crate) addresses: AddressPolicy,
    /// What is known of providers.
    pub(crate) catalogue: Catalogue,
    pub(crate) admin: AdminArgs,
    pub(crate) relay: RelayArgs,
    pub(crate) prices: Prices,
    /// What is kept for how long.
    pub(crate) retention: RetentionArgs,
    /// Says so on the pages.
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
    prepared: CancellationToken,
    relay: Arc<Relay>,
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
    // Refused before a single request: a wall that does not hold shows nothing of it.
    store.check_walls().await.context("looking at the database (DATABASE_URL)")?;
    let sealing = settings.secrets.sealing();
    sealing.confirm(&store.app).await.context("comparing CAUSEWAY_SECRET_KEY with the database's")?;
    let recovery = keys::of_recovery_codes(&store.app, &settings.secrets, &sealing).await?;
    let prices = settings.prices;
    let catalogue = settings.catalogue;
    catalogue.refresh(&store.app).await.context("reading the providers")?;
    let mail = settings.admin.mail.check().map_err(anyhow::Error::msg)?;
    let (mailer, post) = mail.map(Mailer::new).unzip();
    let mut relay_args = settings.relay;
    relay_args.trusted_proxies = TrustedProxies::new(settings.admin.trusted_proxies.clone());
    let (known, watched) = (catalogue.clone(), sealing.clone());
    let relay = Relay::start(
        store.clone(),
        relay_args,
        Arc::clone(&prices.book),
        sealing.clone(),
        settings.addresses.clone(),
        catalogue.clone(),
    )
    .await?;
    let reminders =
        mailer.clone().map(|mailer| Reminders::new(store.clone(), mailer, settings.http.public_url.clone()));
    let admin = AdminState::new(Wiring {
        store: store.clone(),
        args: settings.admin,
        master: &settings.secrets.master,
        sealing,
        recovery,
        addresses: settings.addresses,
        catalogue,
        refresher: relay.refresher(),
        prices: Arc::clone(&prices.book),
        public_url: settings.http.public_url.clone(),
        version: env!("CARGO_PKG_VERSION"),
        demo: settings.demo,
        mailer,
        playground: Arc::new(Played::new(Arc::clone(&relay))),
    });

    let (connections, background) = (TaskTracker::new(), TaskTracker::new());
    let stop_background = CancellationToken::new();

    let https = settings.http.public_url.scheme() == "https";
    let prepared = CancellationToken::new();
    let ready = Ready::new(store.clone(), prepared.clone(), shutdown.clone());
    let checks = Checks::new(admin.clone());
    let (admin, document) = causeway_admin::router(admin);
    let router = routes::router(admin, &docs::with_relay(document), ready, https)?;
    background.spawn(prices.watch(stop_background.clone()));
    background.spawn(providers::watch(known, store.clone(), stop_background.clone()));
    background.spawn(keys::watch(watched, store.clone(), stop_background.clone()));
    background.spawn(jobs::run(
        store.clone(),
        Arc::clone(&relay),
        settings.retention,
        reminders,
        checks,
        stop_background.clone(),
    ));
    if let Some(post) = post {
        background.spawn(post.run(stop_background.clone().cancelled_owned()));
    }
    background.spawn(gauges::run(store.clone(), stop_background.clone()));

    let running = Running {
        address: listeners.main.local_addr()?,
        metrics: listeners.metrics.local_addr()?,
        store,
        prepared,
        relay: Arc::clone(&relay),
        grace: settings.http.grace,
        shutdown: shutdown.clone(),
        connections: connections.clone(),
        background: background.clone(),
        stop_background: stop_background.clone(),
    };
    let watching = stop_background.clone();
    background.spawn(metrics::serve(listeners.metrics, handle, stop_background));
    if let Some(tls) = settings.http.tls.clone() {
        background.spawn(tls.watch(watching));
    }
    let dispatch = Dispatch::new(relay, router);
    background.spawn(listen::serve(listeners.main, settings.http.tls, dispatch, shutdown, connections));
    Ok(running)
}

/// The one-time link of the first start, while it has not been used.
pub(crate) async fn setup_link(store: &Store, public_url: &Url) -> Result<Option<String>> {
    let token = causeway_store::setup::issue_token(&store.app).await.context("making the set-up link")?;
    Ok(token.map(|token| format!("{public_url}web/setup?token={token}")))
}

impl Running {
    /// Says that whatever had to be made first is made: `/ready` answers 200 from now on.
    pub(crate) fn prepared(&self) -> CancellationToken {
        self.prepared.clone()
    }

    /// Serves until asked to stop, then takes everything down in order.
    pub(crate) async fn run(self) {
        self.shutdown.begin.cancelled().await;
        self.connections.close();
        self.relay.retire_sockets();
        if !self.connections.is_empty() {
            tracing::info!("waiting up to {:?} for {} connections", self.grace, self.connections.len());
        }
        // A connection that became a WebSocket is the relay's.
        let ended = async || tokio::join!(self.connections.wait(), self.relay.sockets_ended());
        tokio::select! {
            _ = ended() => {}
            () = tokio::time::sleep(self.grace) => {
                tracing::warn!("{} connections are cut: they did not end within {:?}", self.connections.len(), self.grace);
            }
            () = self.shutdown.hurry.cancelled() => {}
        }
        self.shutdown.hurry.cancel();
        self.relay.cut_sockets();
        ended().await;
        // The jobs would only compete for Postgres; what was used is written first.
        self.relay.close(SETTLE_WITHIN).await;
        tracing::info!("every request has ended and is in the ledger");

        self.stop_background.cancel();
        self.background.close();
        if tokio::time::timeout(Duration::from_secs(10), self.background.wait()).await.is_err() {
            tracing::warn!("background tasks did not end in time");
        }
        let close = async {
            tokio::join!(
                self.store.app.close(),
                self.store.relay.close(),
                self.store.jobs.close(),
                self.store.operator.close()
            )
        };
        if tokio::time::timeout(Duration::from_secs(5), close).await.is_err() {
            tracing::warn!("connections to Postgres were still in use");
        }
    }
}
