//! `causeway serve`: the production form. Postgres and Redis are somebody else's.

use crate::{
    config::{Http, HttpArgs, Problems, SecretArgs},
    prices::PriceArgs,
    server::{self, Listeners, Settings},
    shutdown::Shutdown,
};
use anyhow::{Context, Result};
use causeway_accounts::AccountsArgs;
use causeway_admin::AdminArgs;
use causeway_relay::RelayArgs;
use causeway_store::{RetentionArgs, StoreArgs, migrate};
use std::process::ExitCode;

/// Serve, with a Postgres and a Redis that are there already
///
/// Needs DATABASE_URL, REDIS_URL, CAUSEWAY_SECRET_KEY and PUBLIC_URL; .env.example explains every setting. Migrations
/// run first.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    secret: SecretArgs,
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

impl ServeArgs {
    /// Checks everything and names everything that is wrong.
    fn check(self) -> Result<Settings> {
        let mut problems = Problems::default();
        problems.take(self.store.database_url());
        problems.take(self.store.redis_url());
        let secrets = problems.take(self.secret.check());
        let http = self.http.check(&mut problems, None);
        problems.take(self.admin.mail.check());
        let prices = problems.take(self.prices.load());
        let catalogue =
            problems.take(self.accounts.catalogue().map_err(|bad| format!("PROVIDERS_FILE: {bad}")));
        problems.check()?;
        let settings = secrets.zip(http).zip(prices).zip(catalogue);
        let (((secrets, http), prices), catalogue) = settings.context("checking the settings")?;
        let addresses = self.accounts.addresses(false);
        Ok(Settings {
            http,
            store: self.store,
            secrets,
            addresses,
            catalogue,
            admin: self.admin,
            relay: self.relay,
            prices,
            retention: self.retention,
            demo: false,
        })
    }
}

pub(crate) async fn run(args: ServeArgs) -> Result<ExitCode> {
    let settings = args.check()?;
    let shutdown = Shutdown::on_signals()?;
    warn(&settings.http);
    let listeners = Listeners::bind(&settings.http, false)?;
    migrate::run(&settings.store.database_url()?).await.context("preparing the database (DATABASE_URL)")?;
    let public_url = settings.http.public_url.clone();
    let running = server::start(settings, listeners, shutdown).await?;
    running.prepared().cancel();
    tracing::info!("Causeway is ready at {public_url} (listening on {})", running.address);
    if let Some(link) = server::setup_link(&running.store, &public_url).await? {
        // Printed and not logged: logs are kept, and sent elsewhere, and whoever has the link has the installation.
        println!("Set it up with this link, which works once: {link}");
    }
    running.run().await;
    Ok(ExitCode::SUCCESS)
}

/// Says which settings are probably not meant.
pub(crate) fn warn(http: &Http) {
    for warning in http.warnings() {
        tracing::warn!("{warning}");
    }
}
