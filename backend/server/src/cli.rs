//! The command line.

use crate::commands::{services};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Causeway: one address for the language models of a team, with keys, limits and a ledger
#[derive(Debug, Parser)]
#[command(name = "causeway", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Services(services::ServicesArgs),
}

impl Cli {
    /// Runs what was asked for.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Services(args) => services::run(args).await,
        }
    }
}
