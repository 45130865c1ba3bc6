//! `causeway-chaos`: limits and ledger of three instances while everything around them dies, held against what the
//! simulated provider knows it was asked for.
//!
//! It starts everything itself, on this machine only: a private Postgres (durable) and Redis (append-only file synced
//! every second), the simulator inside this process, and three `causeway serve` that share them and are set up through
//! the admin API. Everything is gone when it ends, also by a signal or a panic. After a kill -9 the instances stay; what
//! else it left the next run clears away.
//!
//! - [`limits`] is B5: a thousand requests at once on one key, once each for dollars, tokens a minute, requests a minute
//!   and concurrency. Nothing may be overspent, and 95 % must be usable.
//! - [`events`] is B6: mixed calls, some of whose clients leave and some of whose answers break off; then, under load
//!   and one after the other, an instance is killed, Redis is killed, wiped, and set back, Postgres is stopped.
//! - [`guards`] are limits that are pressed meanwhile, and [`measure`] says how much of a limit was used.
//! - [`truth`] says what is compared with what, and what equality means for calls that did not end well.
//!
//! It measures promises and not speed: nothing in here depends on how fast the machine is, except how long it takes.

mod call;
mod client;
mod events;
mod guards;
mod limits;
mod load;
mod measure;
mod press;
mod price;
mod redis;
mod report;
mod sums;
mod truth;
mod world;

use anyhow::{Context, Result, bail};
use causeway_embedded::Embedded;
use clap::Parser as _;
use events::Kind;
use futures_util::FutureExt as _;
use std::{
    fs,
    panic::AssertUnwindSafe,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::signal::unix::{SignalKind, signal};

/// Breaks everything, one thing at a time, and holds the ledger against the provider's.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "causeway-chaos", version)]
struct Args {
    /// The short form: fewer calls, shorter outages, about a minute.
    #[arg(long)]
    quick: bool,
    /// Where `causeway` is; by default beside this program.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Where the logs of the instances go.
    #[arg(long, default_value = "target/chaos")]
    out: PathBuf,
    /// B5 only.
    #[arg(long, conflicts_with = "events")]
    limits: bool,
    /// B6 only, and of it these events.
    #[arg(long, value_delimiter = ',', value_enum)]
    events: Vec<Kind>,
    /// The mixture of calls follows from this.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Directories of runs begin so; what a killed one left is found by it.
const TEMPORARY: &str = "causeway-chaos-";

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    // Only what is wrong: the report is on standard output.
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let parent = std::env::temp_dir();
    causeway_embedded::sweep(&parent, TEMPORARY).await;
    let mut services = Embedded::open(&parent.join(format!("{TEMPORARY}{}", std::process::id())))?;
    let bound = Duration::from_secs(if args.quick { 10 } else { 60 } * 60);
    let outcome = tokio::select! {
        biased;
        _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("interrupted")),
        // A panic must not leave Postgres and Redis behind either.
        ended = AssertUnwindSafe(tokio::time::timeout(bound, run(&args, &mut services))).catch_unwind() => match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(anyhow::anyhow!("not done after {} minutes", bound.as_secs() / 60)),
            Err(_) => Err(anyhow::anyhow!("a panic, see above")),
        },
    };
    services.stop_and_remove().await;
    let kept = outcome?;
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs everything; whether every promise was kept.
async fn run(args: &Args, services: &mut Embedded) -> Result<bool> {
    let programs = match &args.programs {
        Some(programs) => programs.clone(),
        None => std::env::current_exe()?.parent().context("where this program is")?.to_owned(),
    };
    let program = programs.join("causeway");
    if !program.exists() {
        bail!("{} is not there; build it, or name its directory with --programs", program.display());
    }
    let begun = Instant::now();
    services.start(true).await?;
    let mut world = world::World::start(args, services, &program).await?;
    eprintln!("chaos: three instances are ready ({:.1} s)", begun.elapsed().as_secs_f64());
    let mut failures = Vec::new();
    let everything = args.events.is_empty();
    let mut limits = None;
    if !args.limits {
        let kinds = match (everything, args.quick) {
            (false, _) => &args.events[..],
            (true, true) => &Kind::SHORT[..],
            (true, false) => &Kind::ALL[..],
        };
        let meanwhile = everything && args.quick;
        let (table, found, runs) = events::run(args, &mut world, kinds, meanwhile).await?;
        println!("{table}");
        failures.extend(found);
        limits = runs;
    }
    if everything {
        let runs = match limits {
            Some(runs) => runs,
            None => limits::run(args, &world).await?,
        };
        if let Err(open) = sums::calm(&world, &runs.keys, Instant::now(), Duration::from_secs(60)).await {
            failures.push(format!("limits: a minute later {open}"));
        }
        let (table, found) = runs.judge(&world).await?;
        println!("{table}");
        failures.extend(found);
    }
    for failure in &failures {
        println!("NOT AS PROMISED: {failure}");
    }
    if failures.is_empty() {
        println!("everything as promised");
    }
    Ok(failures.is_empty())
}
