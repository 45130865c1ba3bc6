//! B6: the ledger while things die. First a load with nothing but leaving clients and breaking answers; then, under load
//! and one after the other, an instance is killed and started again, Redis is killed and started again, wiped, and
//! killed with its last second lost, and Postgres is stopped and started again. Between them everything comes to rest,
//! and ledger, sums and Redis are held against the simulator's truth. While Postgres is away requests are served.
//!
//! Meanwhile small limits are pressed ([`crate::guards`]). Only where an instance dies may dollars and tokens be
//! exceeded: what it had begun is written down at what was last known of it.

use crate::{
    Args,
    call::Key,
    guards::{self, Guards, Marks},
    limits::{self, Runs},
    load::Load,
    redis::{self, Moment},
    report::{Event, events_table},
    sums,
    truth::{self, Found, Killed},
    world::World,
};
use anyhow::Result;
use causeway_embedded::Which;
use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Nothing may stay open longer than this after an event.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// What a dead instance leaves is settled by others after this: its lease, as long again, and the interval of the job.
const SWEPT_WITHIN: Duration = Duration::from_secs(27);

/// The instance that dies. The first one stays, to be asked how things are.
const VICTIM: usize = 1;

/// What can happen; also the words of `--events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Clients leave and answers break off; nothing dies.
    Load,
    /// An instance is killed and started again.
    Instance,
    /// Redis is killed and started again.
    Redis,
    /// Redis is wiped while it runs.
    Wipe,
    /// Redis is killed and has lost its last second when it comes back, as after a power failure.
    SetBack,
    /// Postgres is stopped and started again.
    Postgres,
}

impl Kind {
    /// In this order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Load, Self::Instance, Self::Redis, Self::Wipe, Self::SetBack, Self::Postgres];

    /// Without what takes as long again and shows little more.
    pub(crate) const SHORT: [Self; 5] = [Self::Load, Self::Instance, Self::Redis, Self::Wipe, Self::Postgres];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Load => "clients leave, answers break",
            Self::Instance => "kill -9 of an instance",
            Self::Redis => "kill -9 of Redis",
            Self::Wipe => "Redis wiped",
            Self::SetBack => "Redis set back by a second",
            Self::Postgres => "Postgres stopped",
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
            let (before, after) = (Duration::from_millis(1500), Duration::from_millis(500));
            let postgres_away = Duration::from_secs(10);
            Self { calls: 1000, workers: 64, under_load: 24, before, after, postgres_away }
        } else {
            let (before, after) = (Duration::from_secs(5), Duration::from_secs(5));
            let postgres_away = Duration::from_secs(60);
            Self { calls: 20_000, workers: 200, under_load: 48, before, after, postgres_away }
        }
    }
}

/// The events, one after the other.
pub(crate) struct Events<'a, 'w> {
    args: &'a Args,
    world: &'a mut World<'w>,
    scale: Scale,
    /// Keys of the mixed load, and all that were issued.
    keys: Vec<Key>,
    all: Vec<Key>,
    /// The runs of B5, where they were to be made while nothing else is to be done.
    limits: Option<Runs>,
}

/// Everything that is wanted. Where `meanwhile`, B5 is run while what a dead instance left is waited for.
pub(crate) async fn run(
    args: &Args,
    world: &mut World<'_>,
    kinds: &[Kind],
    meanwhile: bool,
) -> Result<(String, Vec<String>, Option<Runs>)> {
    let limits = [
        json!({ "usd": { "day": "1000", "month": "1000", "total": "1000" }, "concurrency": 1000 }),
        json!({ "requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000, "usd": { "week": "1000" } }),
        json!({}),
    ];
    let keys = limits.iter().map(|limits| world.key("Mixed", limits)).collect::<Result<Vec<_>>>()?;
    let all = keys.clone();
    let mut suite = Events { args, world, scale: Scale::of(args), keys, all, limits: None };
    let (mut events, mut failures) = (Vec::new(), Vec::new());
    for kind in kinds {
        let begun = Instant::now();
        let event = suite.one(*kind, meanwhile && *kind == Kind::Instance).await?;
        eprintln!("chaos: {} ({:.1} s)", kind.name(), begun.elapsed().as_secs_f64());
        failures.extend(event.problems());
        events.push(event);
    }
    Ok((events_table(&events), failures, suite.limits))
}

/// What an event came to, before everything is at rest.
struct Happened {
    /// When it was over.
    since: Instant,
    killed: Option<Killed>,
    /// While Postgres was away.
    away: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The numbers of the calls that pressed limits.
    guards: Vec<Marks>,
}

/// How something happened.
struct Over {
    since: Instant,
    killed: Option<Killed>,
    away: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Events<'_, '_> {
    async fn one(&mut self, kind: Kind, meanwhile: bool) -> Result<Event> {
        let field = self.world.field.clone();
        let from = field.log.len();
        field.take_refusals();
        // Another mixture each time, and the same in each run.
        let seed = self.args.seed ^ ((kind as u64 + 1) << 40);
        let Happened { since, killed, away, guards } = if kind == Kind::Load {
            let Scale { calls, workers, .. } = self.scale;
            Load::start(&field, &self.keys, workers, Some(calls), seed).finish().await;
            Happened { since: Instant::now(), killed: None, away: None, guards: Vec::new() }
        } else {
            self.under_load(kind, seed).await?
        };
        let to = field.log.len();
        let refusals = field.take_refusals();
        if meanwhile {
            let runs = limits::run(self.args, self.world).await?;
            self.all.extend(runs.keys.iter().cloned());
            self.limits = Some(runs);
        }
        // Where the runs of B5 took longer than that, what they have left must be gone a little later.
        let bound = GONE_WITHIN.max(since.elapsed() + Duration::from_secs(10));
        let gone = sums::calm(self.world, &self.all, since, bound).await;
        let (found, differences) = settled(self.world, &self.all, from..to, killed).await?;
        let guards = guards::judge(self.world, &guards);
        let served = away.map(|away| truth::served(&field.log.all()[from..to], away));
        Ok(Event { kind, found, guards, gone, served, refusals, differences })
    }

    async fn under_load(&mut self, kind: Kind, seed: u64) -> Result<Happened> {
        let field = self.world.field.clone();
        let limits = Guards::prepare(self.world, kind as usize)?;
        let load = Load::start(&field, &self.keys, self.scale.under_load, None, seed);
        sleep(self.scale.before).await;
        let moment = Moment::now(self.world).await?;
        let guards = Guards::start(self.world, limits, seed);
        self.all.extend(guards.keys.iter().cloned());
        // Whoever is known nowhere cannot be served while Postgres is away.
        guards.known().await?;
        // Until their limits are reserved to the brim by calls that are running.
        sleep(Duration::from_secs(1)).await;
        let Over { since, killed, away } = self.happen(kind, moment).await?;
        sleep(self.scale.after).await;
        load.stop().await;
        if kind == Kind::Instance && !self.args.quick {
            // What the dead instance had reserved comes back when it is swept: whatever is too much shows then.
            sleep(SWEPT_WITHIN.saturating_sub(since.elapsed())).await;
        }
        let guards = guards.finish().await?;
        Ok(Happened { since, killed, away, guards })
    }

    /// Lets it happen; when it was over, and everything there again.
    async fn happen(&mut self, kind: Kind, moment: Moment) -> Result<Over> {
        let services = self.world.services;
        let mut over = Over { since: Instant::now(), killed: None, away: None };
        match kind {
            Kind::Load => {}
            Kind::Instance => {
                let at = Utc::now();
                self.world.kill(VICTIM);
                // Until it was gone it went on sending.
                over.killed = Some(Killed { instance: VICTIM, at, gone: Utc::now() });
                over.since = Instant::now();
                self.world.revive(VICTIM).await?;
                return Ok(over);
            }
            Kind::Redis => {
                services.take_down(Which::Redis, Signal::SIGKILL).await?;
                sleep(Duration::from_secs(1)).await;
                services.bring_back(Which::Redis).await?;
            }
            Kind::Wipe => redis::wipe(self.world).await?,
            Kind::SetBack => {
                services.take_down(Which::Redis, Signal::SIGKILL).await?;
                moment.restore()?;
                services.bring_back(Which::Redis).await?;
            }
            Kind::Postgres => {
                services.take_down(Which::Postgres, Signal::SIGINT).await?;
                let from = Utc::now();
                sleep(self.scale.postgres_away).await;
                over.away = Some((from, Utc::now()));
                services.bring_back(Which::Postgres).await?;
            }
        }
        over.since = Instant::now();
        Ok(over)
    }
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
        let accounts = world.accounts();
        let seen = truth::Seen { attempts: &attempts, entries: &entries, rows: &rows, accounts: &accounts };
        let found = seen.compare(range.clone(), killed);
        let differences = sums::differences(world, keys, &rows).await?;
        if (found.is_true() && differences.is_empty()) || begun.elapsed() > Duration::from_secs(10) {
            return Ok((found, differences));
        }
        sleep(Duration::from_millis(500)).await;
    }
}
