//! `causeway-bench`: Causeway and nginx side by side before the same simulator, in alternating rounds of one run.
//!
//! It builds nothing (`run.sh` does) and expects Postgres and Redis from `causeway services`, whose child it is. On a
//! machine that is shared, CPU per request is the figure to trust; requests per second and latency are shown beside it.

mod bench;
mod causeway;
mod closed;
mod open;
mod pools;
mod redis;
mod report;
mod stage;
mod times;
mod traffic;
mod upstream;
mod verdict;
mod watch;

use anyhow::{Context, Result, ensure};
use clap::Parser as _;
use serde::Serialize;
use std::{fs, path::PathBuf};

/// Measures Causeway against nginx.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "causeway-bench", version)]
struct Args {
    /// Where `causeway` and `causeway-simulator` are; by default beside this program.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// The nginx program.
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// Where the report and the logs go.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// Postgres with the ledger; `causeway services` sets it, for the server too.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Redis, whose commands are counted.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: String,
    /// Rounds; medians are of these.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds of each phase of a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Connections of the closed loop (repeatable).
    #[arg(long, default_values_t = [32, 256])]
    connections: Vec<usize>,
    /// Do not confine processes to cores.
    #[arg(long)]
    no_pin: bool,
    /// First of five ports that are used on 127.0.0.1.
    #[arg(long, default_value_t = 18_400)]
    port: u16,
    /// Pools before three instances only: a third of the accounts fails and one hangs (B8), and ten thousand sessions that
    /// stay with their accounts.
    #[arg(long, conflicts_with = "traffic")]
    pools: bool,
    /// What is live, large or many only: live streams (B2), big prompts (B4), thousands of slow streams and slow readers
    /// (B7), and many events in one packet (B9).
    #[arg(long)]
    traffic: bool,
    /// Of that these only (repeatable).
    #[arg(long, requires = "traffic", value_parser = ["B2", "B4", "B7", "B9"])]
    only: Vec<String>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if args.pools {
        let report = pools::run(&args, &runtime)?;
        write(&args, "pools.json", &report, &report.markdown())?;
        ensure!(report.is_met(), "not every goal was met");
        return Ok(());
    }
    if args.traffic {
        let report = traffic::run(&args, &runtime)?;
        return write(&args, "traffic.json", &report, &report.markdown());
    }
    let report = bench::run(&args, &runtime)?;
    write(&args, "report.json", &report, &report.markdown())
}

/// For programs, and for people.
fn write(args: &Args, name: &str, report: &impl Serialize, words: &str) -> Result<()> {
    let file = args.out.join(name);
    fs::write(&file, serde_json::to_vec_pretty(report)?).with_context(|| file.display().to_string())?;
    println!("\n{words}\nwritten to {}", file.display());
    Ok(())
}
