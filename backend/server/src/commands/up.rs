//! `causeway up`: everything on one machine, from nothing.

use crate::{
    config::{Http, HttpArgs, Problems, SecretArgs},
    demo::Demo,
    prices::{PriceArgs, Prices},
    server::{self, Listeners, Running, Settings},
    shutdown::Shutdown,
};
use anyhow::{Context, Result, ensure};
use causeway_accounts::AccountsArgs;
use causeway_admin::AdminArgs;
use causeway_embedded::Embedded;
use causeway_relay::RelayArgs;
use causeway_store::{RetentionArgs, Store, StoreArgs, migrate};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Serve on this machine, with a private Postgres and Redis in the data directory
///
/// Makes what is missing at the first start; later starts use the same data.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    /// Where everything is kept.
    #[arg(long, env = "CAUSEWAY_DATA", default_value = ".causeway")]
    data: PathBuf,

    /// Run a simulated provider beside it, with an organisation, an account and a key that use it.
    #[arg(long, env = "DEMO", value_parser = clap::builder::FalseyValueParser::new())]
    demo: bool,

    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    accounts: AccountsArgs,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    relay: RelayArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    retention: RetentionArgs,
}

pub(crate) async fn run(args: UpArgs) -> Result<ExitCode> {
    let shutdown = Shutdown::on_signals()?;
    let (http, prices) = args.check()?;
    super::serve::warn(&http);

    // In this order a second start is told that the directory is in use, and a stranger's port costs no start.
    let mut embedded = Embedded::open(&args.data)?;
    let listeners = Listeners::bind(&http, true)?;
    let started = tokio::select! {
        biased;
        // Only while starting: a server that runs is taken down in order.
        () = shutdown.begin.cancelled() => Ok(None),
        started = start(&mut embedded, args, (http, prices), listeners, &shutdown) => started.map(Some),
    };
    let outcome = match started {
        Ok(Some(up)) => up.run(&shutdown).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    embedded.stop().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// A server that answers, with what is beside it.
struct Up {
    running: Running,
    demo: Option<Demo>,
    public_url: Url,
}

impl Up {
    async fn run(mut self, shutdown: &Shutdown) -> Result<()> {
        let place = Place {
            store: self.running.store.clone(),
            address: self.running.address,
            metrics: self.running.metrics,
            public_url: self.public_url,
            prepared: self.running.prepared(),
        };
        let welcome = async {
            let welcomed = tokio::select! {
                () = shutdown.begin.cancelled() => Ok(()),
                welcomed = welcome(&place, self.demo.as_mut()) => welcomed,
            };
            if welcomed.is_err() {
                shutdown.begin.cancel();
            }
            welcomed
        };
        let (welcomed, ()) = tokio::join!(welcome, self.running.run());
        if let Some(demo) = self.demo {
            demo.stop().await;
        }
        welcomed
    }
}

impl UpArgs {
    fn check(&self) -> Result<(Http, Prices)> {
        let mut problems = Problems::default();
        let scheme = if self.http.tls_cert.is_some() { "https" } else { "http" };
        let default_url = format!("{scheme}://localhost:{}", self.http.port);
        let http = self.http.check(&mut problems, Some(&default_url));
        if self.demo && self.http.tls_cert.is_some() {
            problems
                .take(Err::<(), _>("DEMO does not go with TLS_CERT: the demo calls itself over plain http"));
        }
        problems.take(self.admin.mail.check());
        let prices = problems.take(self.prices.load());
        problems.check()?;
        http.zip(prices).context("checking the settings")
    }
}

async fn start(
    embedded: &mut Embedded,
    args: UpArgs,
    (http, prices): (Http, Prices),
    listeners: Listeners,
    shutdown: &Shutdown,
) -> Result<Up> {
    embedded.start(true).await?;
    migrate::run(&embedded.database_url()).await.context("preparing the database")?;
    let store = StoreArgs {
        database_url: Some(embedded.database_url()),
        redis_url: Some(embedded.redis_url()),
        database_connections: 10,
    };
    let public_url = http.public_url.clone();
    let demo = match args.demo {
        true => Some(Demo::start(embedded.data()).await?),
        false => None,
    };
    let mut catalogue = args.accounts.catalogue().context("reading PROVIDERS_FILE")?;
    if let Some(demo) = &demo {
        catalogue = demo.providers(&catalogue)?;
    }
    let settings = Settings {
        http,
        store,
        secrets: SecretArgs::of(embedded.secrets()).check()?,
        addresses: args.accounts.addresses(args.demo),
        catalogue,
        admin: args.admin,
        relay: args.relay,
        prices,
        retention: args.retention,
        demo: args.demo,
    };
    let running = server::start(settings, listeners, shutdown.clone()).await?;
    Ok(Up { running, demo, public_url })
}

/// Where the server is.
struct Place {
    store: Store,
    address: SocketAddr,
    metrics: SocketAddr,
    public_url: Url,
    prepared: CancellationToken,
}

impl Place {
    /// The one line that scripts wait for.
    fn announce(&self) {
        self.prepared.cancel();
        let loopback = self.address.ip().is_loopback();
        let reach = if loopback { " (only this machine; set LISTEN to let others in)" } else { "" };
        println!("Causeway is ready at {}{reach}", self.public_url);
    }
}

/// One line with the address, and what a person does next; in a demo, after making what it needs.
async fn welcome(place: &Place, demo: Option<&mut Demo>) -> Result<()> {
    let Some(demo) = demo else {
        let link = server::setup_link(&place.store, &place.public_url).await?;
        place.announce();
        if let Some(link) = link {
            println!("Set it up with this link, which works once: {link}");
        }
        return Ok(());
    };
    let local = local(place.address)?;
    let prepared = demo.prepare(&place.store.app, &local, &place.public_url, place.metrics);
    prepared.await.context("preparing the demo")?;
    place.announce();
    let env = demo.env();
    println!(
        "Sign in as {} with the password {}; {} has all of it for scripts.",
        env.email(),
        env.password(),
        env.path().display()
    );
    // What it shows is a courtesy; whatever is wrong, the server goes on.
    if let Err(error) = demo.tour(&local).await {
        tracing::warn!("the demo's request did not work: {error:#}");
    }
    Ok(())
}

/// How this process reaches itself.
fn local(address: SocketAddr) -> Result<Url> {
    ensure!(address.port() != 0, "the server has no port");
    let host = match address.ip() {
        ip if !ip.is_unspecified() => SocketAddr::new(ip, address.port()),
        std::net::IpAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], address.port())),
        std::net::IpAddr::V6(_) => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
    };
    Ok(Url::parse(&format!("http://{host}/"))?)
}
