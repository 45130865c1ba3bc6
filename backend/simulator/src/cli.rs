//! The command line of `causeway-simulator`, and the same as a function for a program that runs it beside itself.

use std::{
    future::Future,
    io::{self, Write as _},
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{LedgerDetail, Script, Simulator, SimulatorConfig};

/// A scripted LLM upstream for tests, demos and benchmarks. It generates nothing.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "causeway-simulator", version)]
pub struct Args {
    /// Where to listen. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:4010")]
    pub listen: SocketAddr,
    /// Worker threads. 1 runs everything on the main thread.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Upstream keys accepted (repeatable). Without one, any key that begins with sk-sim-.
    #[arg(long = "key")]
    pub keys: Vec<String>,
    /// Models listed (repeatable). Without one, a few current Claude models.
    #[arg(long = "model")]
    pub models: Vec<String>,
    /// Answer 404 for models that are not listed.
    #[arg(long)]
    pub listed_models_only: bool,
    /// Take fields that the schemas of OpenAI and Gemini do not have, as compatible servers do.
    #[arg(long)]
    pub lenient: bool,
    /// Serve Messages calls without an anthropic-version header too.
    #[arg(long)]
    pub any_version: bool,
    /// Figures follow from this; by default another one each start.
    #[arg(long)]
    pub seed: Option<u64>,
    /// How much of each request the ledger keeps.
    #[arg(long, value_enum, default_value_t = LedgerDetail::Full)]
    pub ledger: LedgerDetail,
    /// Entries kept.
    #[arg(long, default_value_t = 50_000)]
    pub ledger_capacity: usize,
    /// Open a second listener with TLS and HTTP/2; its authority is at /_sim/ca.pem.
    #[arg(long)]
    pub tls: bool,
    /// What answers do unless told otherwise, such as events=64,interval=20.
    #[arg(long, default_value = "")]
    pub script: Script,
}

impl From<Args> for SimulatorConfig {
    fn from(args: Args) -> Self {
        let default = Self::default();
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64);
        Self {
            listen: args.listen,
            keys: args.keys,
            models: if args.models.is_empty() { default.models } else { args.models },
            gpt_models: default.gpt_models,
            gemini_models: default.gemini_models,
            strict: !args.lenient,
            listed_models_only: args.listed_models_only,
            require_version: !args.any_version,
            seed: args.seed.unwrap_or_else(clock),
            detail: args.ledger,
            ledger_capacity: args.ledger_capacity,
            tls: args.tls,
            script: args.script,
        }
    }
}

/// Serve until `stop` is done; says where on standard output, in one line, once it can be reached.
///
/// # Errors
/// When the address cannot be bound.
pub async fn run(args: Args, stop: impl Future<Output = ()>) -> io::Result<()> {
    let simulator = Simulator::start(args.into()).await?;
    {
        let mut out = io::stdout().lock();
        write!(out, "simulator ready on {}", simulator.url())?;
        if let Some(url) = simulator.tls_url() {
            write!(out, " and {url}")?;
        }
        writeln!(out)?;
        out.flush()?;
    }
    stop.await;
    simulator.stop().await;
    Ok(())
}
