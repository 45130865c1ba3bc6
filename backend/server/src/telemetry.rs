//! Logs and metrics of the process. What is logged never contains a secret: that is the business of the types.

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// How the process speaks.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// What is logged: error, warn, info, debug or trace; or directives such as info,causeway_relay=debug.
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub(crate) log_level: String,

    /// Form of the log: text for people, json for machines.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}

const QUIET: &str = "sqlx=warn";

impl LogArgs {
    /// Installs the log. Standard output stays free for what commands print.
    pub(crate) fn install(&self) -> Result<()> {
        let filter = EnvFilter::builder()
            .with_default_directive(LevelFilter::INFO.into())
            .parse(&self.log_level)
            .context(
                "LOG_LEVEL accepts error, warn, info, debug, trace or directives such as info,sqlx=debug",
            )?;
        // Postgres has notices for everything that went as expected.
        let filter =
            if self.log_level.contains("sqlx") { filter } else { filter.add_directive(QUIET.parse()?) };
        let terminal = std::io::stderr().is_terminal();
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(terminal);
        match self.log_format {
            LogFormat::Text => log.with_target(false).init(),
            LogFormat::Json => log.json().flatten_event(true).init(),
        }
        Ok(())
    }
}

/// Seconds: from a cached answer to the longest stream.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0];

/// Installs the recorder that every crate's metrics go to. Names that end in `_seconds` become histograms.
pub(crate) fn install_metrics() -> Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()
        .context("installing the metrics recorder")
}
