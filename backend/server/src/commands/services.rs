//! `causeway services -- CMD`: runs a command with a private Postgres and Redis, and stops them after it.

use crate::shutdown::Shutdown;
use anyhow::{Context, Result};
use causeway_embedded::Embedded;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;
use std::{os::unix::process::ExitStatusExt, path::PathBuf, process::ExitCode};
use tokio::process::Command;

const TEMPORARY: &str = "causeway-services-";

/// Run a command with a private Postgres and Redis
///
/// The command finds DATABASE_URL and REDIS_URL in its environment; its exit status becomes ours.
#[derive(Debug, clap::Args)]
pub(crate) struct ServicesArgs {
    /// Where to keep the data. Without it they are temporary, fast and removed at the end.
    #[arg(long)]
    data: Option<PathBuf>,

    /// Write temporary data as safely as `up` would: for measuring.
    #[arg(long, conflicts_with = "data")]
    durable: bool,

    /// The command and its arguments.
    #[arg(last = true, required = true, num_args = 1..)]
    command: Vec<String>,
}

pub(crate) async fn run(args: ServicesArgs) -> Result<ExitCode> {
    let shutdown = Shutdown::on_signals()?;
    let temporary = args.data.is_none();
    let data = match &args.data {
        Some(data) => data.clone(),
        None => {
            let parent = std::env::temp_dir();
            causeway_embedded::sweep(&parent, TEMPORARY).await;
            parent.join(format!("{TEMPORARY}{}", std::process::id()))
        }
    };
    let mut embedded = Embedded::open(&data)?;
    let outcome = tokio::select! {
        biased;
        () = shutdown.begin.cancelled() => Ok(ExitCode::from(130)),
        started = embedded.start(args.durable || !temporary) => match started {
            Ok(()) => command(&args.command, &embedded, &shutdown).await,
            Err(error) => Err(error),
        },
    };
    if temporary {
        embedded.stop_and_remove().await;
    } else {
        embedded.stop().await;
    }
    outcome
}

async fn command(command: &[String], embedded: &Embedded, shutdown: &Shutdown) -> Result<ExitCode> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .env("DATABASE_URL", embedded.database_url().expose_secret())
        .env("REDIS_URL", embedded.redis_url().expose_secret())
        .spawn()
        .with_context(|| format!("running {}", command[0]))?;
    let status = tokio::select! {
        status = child.wait() => status?,
        () = shutdown.begin.cancelled() => {
            // Ctrl-C has reached the command as well; SIGTERM has reached us only.
            if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            child.wait().await?
        }
    };
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
