//! `causeway migrate`: brings the database up to this version and ends.

use anyhow::{Context, Result};
use causeway_store::{StoreArgs, migrate};
use std::process::ExitCode;

/// Bring the database up to this version
///
/// `serve` and `up` do so by themselves; this is for those who want it as a step of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) async fn run(args: MigrateArgs) -> Result<ExitCode> {
    migrate::run(&args.store.database_url()?).await.context("preparing the database (DATABASE_URL)")?;
    println!("The database has the schema of Causeway {}.", env!("CARGO_PKG_VERSION"));
    Ok(ExitCode::SUCCESS)
}
