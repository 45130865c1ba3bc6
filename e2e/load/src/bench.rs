//! The run: everything started and pinned, rounds of phases, and the ledger held against what was sent.

use crate::{
    Args,
    causeway::Key,
    closed::{Fleet, Outcome},
    open,
    redis::{Ran, Scripts},
    report::{self, Phase, Report},
    stage::{Others, Stage, UPSTREAM_KEY, asking},
    watch,
};
use anyhow::{Result, bail};
use causeway_rig::wire::Target;
use std::{collections::BTreeMap, thread, time::Duration};
use tokio::runtime::Runtime;

const BODY: &str = r#"{"model":"claude-haiku-4-5-20251001","max_tokens":64,"messages":[{"role":"user","content":"How long is a causeway?"}]}"#;
/// A stream of 64 events that come 5 ms apart, asked for by a client of the account's own dialect and by one of another.
const STREAM: &str = r#"{"model":"claude-haiku-4-5-20251001","max_tokens":1024,"stream":true,"metadata":{"user_id":"sim:events=64,interval=5"},"messages":[{"role":"user","content":"How long is a causeway?"}]}"#;
const CHAT: &str = r#"{"model":"claude-haiku-4-5-20251001","max_completion_tokens":1024,"stream":true,"user":"sim:events=64,interval=5","messages":[{"role":"user","content":"How long is a causeway?"}]}"#;
/// Streams that are open at once.
const STREAMS: usize = 128;
/// Connections that the open loop takes turns on.
const LINES: u32 = 32;
/// Turns that the ways of the closed loop take in a round: a machine that others use as well is a faster one from one second
/// to the next, and who is compared should have the same.
const TURNS: u32 = 4;
/// Share of its capacity at which Causeway's latency is measured.
const LOAD: f64 = 0.3;

/// One way to the simulator, and who works for it.
struct Way {
    name: &'static str,
    target: Target,
    /// Processes whose CPU time is the proxy's.
    proxy: Vec<u32>,
}

/// Ways of [`ways`] by what they take: single answers, a measured wait for single answers, and streams.
const CLOSED_WAYS: std::ops::Range<usize> = 0..5;
const LATENCY_WAYS: [usize; 3] = [2, 0, 1];
const STREAM_WAYS: [usize; 2] = [5, 6];

struct Bench<'a> {
    args: &'a Args,
    runtime: &'a Runtime,
    ways: Vec<Way>,
    others: &'a Others,
    scripts: Scripts,
    fleets: BTreeMap<(usize, usize), Fleet>,
    phases: Vec<Phase>,
    /// Answers with status 200 that came through Causeway, from the first to the last.
    relayed: u64,
}

/// Runs everything.
pub(crate) fn run(args: &Args, runtime: &Runtime) -> Result<Report> {
    let stage = Stage::set(args)?;
    let mut bench = Bench {
        args,
        runtime,
        ways: ways(&stage),
        others: &stage.others,
        scripts: Scripts::of(&args.redis_url)?,
        fleets: BTreeMap::new(),
        phases: Vec::new(),
        relayed: 0,
    };
    let rate = bench.rounds()?;
    let peak = |ids: &[u32]| ids.iter().map(|id| watch::peak_memory(*id)).max().unwrap_or(0);
    let memory = (peak(&stage.nginx), peak(&[stage.causeway.running.id()]));
    let ledger = runtime.block_on(stage.causeway.ledger(bench.relayed))?;
    Ok(Report {
        rounds: args.rounds,
        rate,
        ledger_expected: bench.relayed,
        ledger,
        memory,
        phases: bench.phases,
        machine: stage.machine,
        placement: stage.placement,
    })
}

fn ways(stage: &Stage) -> Vec<Way> {
    let (ports, relay) = (stage.ports, &stage.causeway);
    let target = |port: u16, path: &str, key: &str| asking(port, path, key, BODY);
    let path = "/api/v1/messages";
    let [one, two, four] = &relay.keys;
    let proxy = || vec![relay.running.id()];
    let relayed =
        |name, key: &Key| Way { name, target: target(ports.causeway, path, &key.secret), proxy: proxy() };
    let stream = |name, path: &str, body: &str| Way {
        name,
        target: asking(ports.causeway, path, &one.secret, body),
        proxy: proxy(),
    };
    vec![
        Way { name: "nginx", target: target(ports.nginx, path, UPSTREAM_KEY), proxy: stage.nginx.clone() },
        relayed(report::RELAYED[0], one),
        Way {
            name: "direct",
            target: target(ports.simulator, "/v1/messages", UPSTREAM_KEY),
            proxy: Vec::new(),
        },
        relayed(report::RELAYED[1], two),
        relayed(report::RELAYED[2], four),
        stream("passed", path, STREAM),
        stream("converted", "/openai/v1/chat/completions", CHAT),
    ]
}

impl Bench<'_> {
    /// All phases; the rate of the open loop.
    fn rounds(&mut self) -> Result<f64> {
        let (seconds, connections) =
            (Duration::from_secs_f64(self.args.seconds), self.args.connections.clone());
        for &connections in &connections {
            for way in CLOSED_WAYS {
                self.closed(way, "closed", connections, 0, Duration::from_millis(500))?;
            }
        }
        for way in STREAM_WAYS {
            self.closed(way, "streams", STREAMS, 0, Duration::from_millis(500))?;
        }
        let capacity = self.phases.iter().filter(|p| p.through == "causeway").map(|p| p.per_second);
        let rate = LOAD * capacity.fold(0.0, f64::max);
        // That was to warm everything up.
        self.phases.clear();
        for round in 1..=self.args.rounds {
            eprintln!("round {round} of {}", self.args.rounds);
            for &connections in &connections {
                for _ in 0..TURNS {
                    for way in CLOSED_WAYS {
                        self.closed(way, "closed", connections, round, seconds / TURNS)?;
                    }
                }
            }
            for way in STREAM_WAYS {
                self.closed(way, "streams", STREAMS, round, seconds)?;
            }
            for way in LATENCY_WAYS {
                self.latency(way, round, "one", 1, |target| open::one_by_one(target, seconds / 2))?;
                self.latency(way, round, "clock", LINES as usize, |target| {
                    open::by_the_clock(target, LINES, rate, seconds)
                })?;
            }
        }
        Ok(rate)
    }

    fn closed(
        &mut self,
        way: usize,
        kind: &'static str,
        connections: usize,
        round: u32,
        duration: Duration,
    ) -> Result<()> {
        let fleet = match self.fleets.remove(&(way, connections)) {
            Some(fleet) => fleet,
            None => self.runtime.block_on(Fleet::connect(&self.ways[way].target, connections))?,
        };
        let before = self.spent(way)?;
        let (fleet, outcome) = self.runtime.block_on(fleet.run(duration))?;
        self.note(way, round, kind, connections, before, outcome)?;
        self.fleets.insert((way, connections), fleet);
        Ok(())
    }

    fn latency(
        &mut self,
        way: usize,
        round: u32,
        kind: &'static str,
        connections: usize,
        load: impl FnOnce(&Target) -> Result<Outcome>,
    ) -> Result<()> {
        let before = self.spent(way)?;
        let outcome = load(&self.ways[way].target)?;
        self.note(way, round, kind, connections, before, outcome)
    }

    /// CPU time of everybody so far (proxy, Redis, Postgres, simulator, this program), and what Redis has run.
    fn spent(&mut self, way: usize) -> Result<([Duration; 5], Ran)> {
        let Others { redis, postgres, simulator } = self.others;
        let own = [std::process::id()];
        let cpu = [&self.ways[way].proxy, redis, postgres, simulator, &own[..]].map(watch::cpu);
        Ok((cpu, self.scripts.ran()?))
    }

    fn note(
        &mut self,
        way: usize,
        round: u32,
        kind: &'static str,
        connections: usize,
        (before, ran_before): ([Duration; 5], Ran),
        outcome: Outcome,
    ) -> Result<()> {
        // What Causeway does a little later (the ledger's batches) belongs to these requests too.
        let relayed = !matches!(self.ways[way].name, "nginx" | "direct");
        if relayed {
            thread::sleep(Duration::from_millis(200));
        }
        let (after, ran) = self.spent(way)?;
        let ran = ran - ran_before;
        let through = self.ways[way].name;
        if outcome.failed > 0 {
            let example = outcome.failure.unwrap_or_default();
            bail!(
                "{} of {} requests through {through} failed: {example}",
                outcome.failed,
                outcome.failed + outcome.ok
            );
        }
        if relayed {
            self.relayed += outcome.ok;
        }
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / outcome.ok as f64;
        let each = |i: usize| micros(after[i] - before[i]);
        self.phases.push(Phase {
            through,
            kind,
            connections,
            round,
            requests: outcome.ok,
            per_second: outcome.ok as f64 / outcome.took.as_secs_f64(),
            cpu: (through != "direct").then(|| each(0)),
            redis: relayed.then(|| each(1)),
            postgres: relayed.then(|| each(2)),
            scripts: relayed.then(|| ran.calls as f64 / outcome.ok as f64),
            scripts_busy: relayed.then(|| micros(ran.busy)),
            simulator: each(3),
            client: each(4),
            latency: outcome.times.quantiles(),
        });
        Ok(())
    }
}
