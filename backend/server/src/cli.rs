//! The command line.

use crate::{
    commands::{admin, migrate, openapi, prices, rotate_key, serve, services, up, usage},
    telemetry::LogArgs,
};
use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use std::process::ExitCode;

/// Causeway: one address for the language models of a team, with keys, limits and a ledger
#[derive(Debug, Parser)]
#[command(name = "causeway", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    log: LogArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::UpArgs),
    Serve(serve::ServeArgs),
    Migrate(migrate::MigrateArgs),
    Admin(admin::AdminArgs),
    Prices(prices::PricesArgs),
    RotateKey(rotate_key::RotateKeyArgs),
    Usage(usage::UsageArgs),
    Openapi(openapi::OpenapiArgs),
    Services(services::ServicesArgs),
}

impl Cli {
    /// Reads the command line and the environment. Ends the process when they make no sense, and names the variable:
    /// clap itself only knows the option.
    pub(crate) fn read() -> Self {
        let matches = without_empty(Self::command()).try_get_matches();
        matches.and_then(|matches| Self::from_arg_matches(&matches)).unwrap_or_else(|error| {
            if let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
                && let Some(variable) = variable_of(&Self::command(), option)
            {
                eprintln!("causeway: {variable} has a value that is not accepted");
            }
            error.exit()
        })
    }

    /// Runs what was asked for.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        self.log.install()?;
        match self.command {
            Command::Up(args) => up::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Admin(args) => admin::run(args).await,
            Command::Prices(args) => prices::run(args).await,
            Command::RotateKey(args) => rotate_key::run(args).await,
            Command::Usage(args) => usage::run(args).await,
            Command::Openapi(args) => openapi::run(args),
            Command::Services(args) => services::run(args).await,
        }
    }
}

/// The same command line for which a variable without a value is none: that is how compose files and `.env` files write
/// that something is not set.
fn without_empty(mut command: clap::Command) -> clap::Command {
    command = command.mut_args(|argument| {
        let value = argument.get_env().and_then(std::env::var_os);
        if value.is_some_and(|value| value.is_empty()) {
            argument.env(None::<&'static str>)
        } else {
            argument
        }
    });
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, without_empty);
    }
    command
}

/// The environment variable of an option such as `--port <PORT>`.
fn variable_of(command: &clap::Command, option: &str) -> Option<String> {
    let long = option.strip_prefix("--")?.split([' ', '=']).next()?;
    let here = command.get_arguments().find(|a| a.get_long() == Some(long));
    match here.and_then(|a| a.get_env()) {
        Some(variable) => Some(variable.to_string_lossy().into_owned()),
        None => command.get_subcommands().find_map(|c| variable_of(c, option)),
    }
}

#[cfg(test)]
mod tests;
