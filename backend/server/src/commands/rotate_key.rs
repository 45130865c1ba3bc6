//! `causeway rotate-key`: exchanges the installation's secret while everything runs.

use crate::config::SecretArgs;
use anyhow::{Context, Result, bail, ensure};
use causeway_accounts::{
    AccountsArgs,
    rotation::{self, Pace, Report},
};
use causeway_store::{JobsDb, StoreArgs, sealed::Kind};
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

/// Seal everything anew after CAUSEWAY_SECRET_KEY was exchanged
///
/// Needs DATABASE_URL, CAUSEWAY_SECRET_KEY (the new secret) and CAUSEWAY_PREVIOUS_SECRET_KEY (the one before). Every
/// instance must have been restarted with both first; they go on serving. It may be ended at any moment and run again.
/// Afterwards nothing needs the secret before, and instances may be restarted without it.
#[derive(Debug, clap::Args)]
pub(crate) struct RotateKeyArgs {
    /// Data directory of a running `causeway up`, instead of DATABASE_URL and the secrets.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many are read at once.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    batch: i64,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    secret: SecretArgs,
    #[command(flatten)]
    accounts: AccountsArgs,
}

pub(crate) async fn run(args: RotateKeyArgs) -> Result<ExitCode> {
    let (url, secrets) = match &args.data {
        Some(data) => (
            causeway_embedded::database_url_of(data)?,
            SecretArgs::of(&causeway_embedded::secrets_of(data)?).check()?,
        ),
        None => (args.store.database_url()?, args.secret.check()?),
    };
    ensure!(
        secrets.previous.is_some(),
        "CAUSEWAY_PREVIOUS_SECRET_KEY is not set: the secret before, with which everything is sealed now"
    );
    let sealing = secrets.sealing();
    let Some(previous) = sealing.previous_fingerprint() else {
        bail!(
            "CAUSEWAY_SECRET_KEY and CAUSEWAY_PREVIOUS_SECRET_KEY are the same: make a new one with openssl rand -hex 32"
        );
    };
    let catalogue = args.accounts.catalogue().context("reading PROVIDERS_FILE")?;
    let db = JobsDb::connect(&url, 2).await.context("connecting to Postgres (DATABASE_URL)")?;
    println!(
        "From the key with fingerprint {previous} to the one with fingerprint {}.",
        sealing.fingerprint()
    );
    let pace = Pace { batch: args.batch, ..Pace::default() };
    let live = std::io::stderr().is_terminal();
    let tell = |report: &Report| {
        if live {
            eprint!("\r{} sealed anew", report.resealed.iter().sum::<u64>());
        }
    };
    let report = rotation::run(&db, &sealing, &catalogue, pace, tell).await?;
    if live {
        eprintln!();
    }
    print(&report);
    db.close().await;
    println!(
        "Everything is sealed with the key in force. CAUSEWAY_PREVIOUS_SECRET_KEY is not needed any more: restart the \
         instances without it, and destroy it where no backup needs it."
    );
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report) {
    for (kind, count) in Kind::ALL.into_iter().zip(report.resealed) {
        println!("{count:>8} {}", name(kind));
    }
    println!("{:>8} keys of the installation", report.kept);
    if report.ended > 0 {
        println!("{:>8} authorisations of accounts were under way, and have to be begun again", report.ended);
    }
    if report.changed > 0 {
        println!("{:>8} were changed meanwhile, and read again", report.changed);
    }
    for (place, why) in &report.unreadable {
        println!("left as it is, neither key opens it: {place:?}: {why}");
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Accounts => "credentials of upstream accounts",
        Kind::Authenticators => "secrets of authenticators",
        Kind::SignOn => "client secrets of single sign-on",
        Kind::Providers => "client secrets of providers",
        Kind::Proxies => "passwords at proxies",
    }
}
