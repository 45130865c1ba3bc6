//! `causeway up`: everything on one machine, from nothing.

use crate::{
    config::{self, HttpArgs, Problems, SecretArgs},
    embedded::Embedded,
    server::{self, Listeners, Settings},
    shutdown::Shutdown,
};
use anyhow::{Context, Result};
use causeway_store::{StoreArgs, migrate};
use std::{path::PathBuf, process::ExitCode};

/// Serve on this machine, with a private Postgres and Redis in the data directory
///
/// Makes what is missing at the first start; later starts use the same data.
#[derive(Debug, clap::Args)]
pub(crate) struct UpArgs {
    /// Where everything is kept.
    #[arg(long, env = "CAUSEWAY_DATA", default_value = ".causeway")]
    data: PathBuf,

    /// Run a simulated provider beside it, and make an organisation, an account and a key that use it.
    #[arg(long, env = "DEMO", value_parser = clap::builder::FalseyValueParser::new())]
    demo: bool,

    #[command(flatten)]
    http: HttpArgs,
}

pub(crate) async fn run(args: UpArgs) -> Result<ExitCode> {
    let shutdown = Shutdown::on_signals()?;
    let mut problems = Problems::default();
    let scheme = if args.http.tls_cert.is_some() { "https" } else { "http" };
    let default_url = format!("{scheme}://localhost:{}", args.http.port);
    let http = args.http.check(&mut problems, Some(&default_url));
    problems.check()?;
    let http = http.context("checking the settings")?;
    super::serve::warn(&http);

    // In this order a second start is told that the directory is in use, and a stranger's port costs no start.
    let mut embedded = Embedded::open(&args.data)?;
    let listeners = Listeners::bind(&http, true)?;
    let outcome = tokio::select! {
        biased;
        // Only while starting: `serve` takes the server down in order.
        () = shutdown.begin.cancelled() => Ok(None),
        started = start(&mut embedded, http, listeners, args.demo, &shutdown) => started.map(Some),
    };
    let outcome = match outcome {
        Ok(Some(running)) => {
            running.run().await;
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    };
    embedded.stop().await;
    outcome
}

async fn start(
    embedded: &mut Embedded,
    http: config::Http,
    listeners: Listeners,
    demo: bool,
    shutdown: &Shutdown,
) -> Result<server::Running> {
    embedded.start(true).await?;
    let store = StoreArgs {
        database_url: Some(embedded.database_url()),
        redis_url: Some(embedded.redis_url()),
        database_connections: 10,
    };
    migrate::run(&embedded.database_url()).await.context("preparing the database")?;
    let secret = SecretArgs { secret_key: Some(embedded.secrets().key.clone()) }.check()?;
    let (public_url, listen) = (http.public_url.clone(), http.address.ip());
    let settings = Settings { http, store, secret, demo };
    let running = server::start(settings, listeners, shutdown.clone()).await?;
    let reach = if listen.is_loopback() { " (only this machine; set LISTEN to let others in)" } else { "" };
    println!("Causeway is ready at {public_url}{reach}");
    if let Some(link) = server::setup_link(&running.store, &public_url).await? {
        println!("Set it up with this link, which works once: {link}");
    }
    Ok(running)
}
