//! B6: the ledger while things die. First a load with nothing but leaving clients and breaking answers; then, under load
//! and one after the other, an instance is killed and started again, Redis is killed and started again, Redis is wiped,
//! and Postgres is stopped and started again. Between them everything comes to rest, and ledger, sums and Redis are held
//! against the simulator's truth.
//!
//! Meanwhile a key with a small budget is pressed by more clients than can fit, so that every hold that is forgotten
//! lets somebody in who must not be. Only while an instance dies may that budget be exceeded: what the killed instance
//! had begun is written down at what was last known of it.

use crate::{
    Args,
    call::{Call, Draw, Intent, Key},
    load::Load,
    press::{Press, press},
    price::{FRAME, dollars, model},
    report::{Event, events_table},
    sums,
    truth::{self, Found, Killed},
    world::World,
};
use anyhow::Result;
use causeway_embedded::Which;
use causeway_simulator::Entry;
use chrono::Utc;
use nix::sys::signal::Signal;
use serde_json::json;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Nothing may stay open longer than this after an event.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// The instance that dies. The first one stays, to be asked how things are.
const VICTIM: usize = 1;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    InstanceKilled,
    RedisKilled,
    RedisWiped,
    PostgresStopped,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "clients leave, answers break",
            Self::InstanceKilled => "kill -9 of an instance",
            Self::RedisKilled => "kill -9 of Redis",
            Self::RedisWiped => "Redis wiped",
            Self::PostgresStopped => "Postgres stopped",
        }
    }
}

/// How much of everything.
struct Scale {
    calls: u64,
    workers: usize,
    /// Clients while something dies.
    under_load: usize,
    before: Duration,
    after: Duration,
    postgres_away: Duration,
}

impl Scale {
    fn of(args: &Args) -> Self {
        if args.quick {
            let (before, after) = (Duration::from_millis(2500), Duration::from_millis(1500));
            let postgres_away = Duration::from_secs(10);
            Self { calls: 1500, workers: 64, under_load: 24, before, after, postgres_away }
        } else {
            let (before, after) = (Duration::from_secs(5), Duration::from_secs(5));
            let postgres_away = Duration::from_secs(60);
            Self { calls: 20_000, workers: 200, under_load: 48, before, after, postgres_away }
        }
    }
}

/// Everything, and what was not as promised.
pub(crate) async fn run(args: &Args, world: &mut World<'_>) -> Result<(String, Vec<String>)> {
    let scale = Scale::of(args);
    let limits = [
        json!({ "usd": { "day": "1000", "month": "1000", "total": "1000" }, "concurrency": 1000 }),
        json!({ "requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000, "usd": { "week": "1000" } }),
        json!({}),
    ];
    let keys = limits.iter().map(|limits| world.key("Mixed", limits)).collect::<Result<Vec<_>>>()?;
    let kinds =
        [Kind::Nothing, Kind::InstanceKilled, Kind::RedisKilled, Kind::RedisWiped, Kind::PostgresStopped];
    let (mut events, mut failures, mut all) = (Vec::new(), Vec::new(), keys.clone());
    for (n, kind) in kinds.into_iter().enumerate() {
        eprintln!("chaos: {}", kind.name());
        let event = one(args, world, &scale, kind, &keys, &mut all, n as u64).await?;
        failures.extend(event.problems());
        events.push(event);
    }
    Ok((events_table(&events), failures))
}

async fn one(
    args: &Args,
    world: &mut World<'_>,
    scale: &Scale,
    kind: Kind,
    keys: &[Key],
    all: &mut Vec<Key>,
    n: u64,
) -> Result<Event> {
    let field = world.field.clone();
    let from = field.log.len();
    let (seed, mut killed, mut budget) = (args.seed ^ n << 40, None, None);
    let since = if kind == Kind::Nothing {
        Load::start(&field, keys, scale.workers, Some(scale.calls), seed).finish().await;
        Instant::now()
    } else {
        let (key, limit) = small_budget(world)?;
        all.push(key.clone());
        let load = Load::start(&field, keys, scale.under_load, None, seed);
        sleep(scale.before).await;
        let may_end = Arc::new(AtomicBool::new(false));
        let pressing = tokio::spawn({
            let (field, plan) = (field.clone(), greedy(seed, may_end.clone()));
            async move { press(&field, &key, plan).await }
        });
        // Until its budget is reserved to the brim by calls that are running.
        sleep(Duration::from_millis(1000)).await;
        let since = happen(world, scale, kind, &mut killed).await?;
        sleep(scale.after).await;
        load.stop().await;
        may_end.store(true, Ordering::Relaxed);
        let marks: HashSet<usize> = pressing.await??.marks.into_iter().collect();
        budget = Some((limit, marks));
        since
    };
    let gone = sums::calm(world, all, since, GONE_WITHIN).await;
    let to = field.log.len();
    let (found, differences) = settled(world, all, from..to, killed).await?;
    let budget = budget.map(|(limit, marks): (i128, HashSet<usize>)| {
        let ours = |e: &Entry| truth::mark(e).is_some_and(|mark| marks.contains(&mark));
        (limit, truth::billed(&world.simulator.ledger().find(usize::MAX, ours)))
    });
    Ok(Event {
        name: kind.name(),
        found,
        budget: budget.filter(|_| kind != Kind::InstanceKilled),
        gone,
        differences,
    })
}

/// Lets it happen; when it was over, and everything there again.
async fn happen(
    world: &mut World<'_>,
    scale: &Scale,
    kind: Kind,
    killed: &mut Option<Killed>,
) -> Result<Instant> {
    match kind {
        Kind::Nothing => {}
        Kind::InstanceKilled => {
            *killed = Some(Killed { instance: VICTIM, at: Utc::now() });
            world.kill(VICTIM);
            let since = Instant::now();
            world.revive(VICTIM).await?;
            return Ok(since);
        }
        Kind::RedisKilled => {
            world.services.take_down(Which::Redis, Signal::SIGKILL).await?;
            sleep(Duration::from_secs(1)).await;
            world.services.bring_back(Which::Redis).await?;
        }
        Kind::RedisWiped => sums::wipe(world).await?,
        Kind::PostgresStopped => {
            world.services.take_down(Which::Postgres, Signal::SIGINT).await?;
            sleep(scale.postgres_away).await;
            world.services.bring_back(Which::Postgres).await?;
        }
    }
    Ok(Instant::now())
}

/// Compares, and once more while what is on its way can still arrive.
async fn settled(
    world: &World<'_>,
    keys: &[Key],
    range: std::ops::Range<usize>,
    killed: Option<Killed>,
) -> Result<(Found, Vec<String>)> {
    let begun = Instant::now();
    loop {
        let rows = truth::rows(&mut truth::connect(world).await?).await?;
        let (attempts, entries) = (world.field.log.all(), world.simulator.ledger().entries());
        let found = truth::compare(&attempts, range.clone(), &entries, &rows, killed);
        let differences = sums::differences(world, keys, &rows).await?;
        if (found.is_true() && differences.is_empty()) || begun.elapsed() > Duration::from_secs(10) {
            return Ok((found, differences));
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Calls that last, so that there is always something that could be forgotten, and cost nearly what they reserve, so
/// that forgetting it shows.
fn lasting(draw: &mut Draw) -> Call {
    let max_tokens = draw.between(600, 1000);
    Call {
        model: "chaos-small",
        stream: true,
        max_tokens,
        prompt: draw.between(20, 300) as usize,
        hour: false,
        script: format!("events=10,interval=200,out={}", max_tokens * 19 / 20),
        intent: Intent::Stay,
    }
}

/// A key whose budget is as much as twenty of these calls could need.
fn small_budget(world: &World<'_>) -> Result<(Key, i128)> {
    let worst = model("chaos-small").map_or(0, |model| model.worst(900 - FRAME, 1000, false));
    let budget = worst * 20;
    Ok((world.key("Small budget", &json!({ "usd": { "total": dollars(budget) } }))?, budget))
}

fn greedy(seed: u64, may_end: Arc<AtomicBool>) -> Press {
    Press {
        clients: 80,
        greedy: true,
        call: lasting,
        seed,
        quiet: Duration::from_millis(3500),
        may_end,
        patience: Duration::from_secs(150),
    }
}
