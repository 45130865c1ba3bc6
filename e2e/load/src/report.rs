//! What was measured, as a table for people and as JSON for programs.

use crate::{
    times::{Quantiles, median},
    verdict::{self, Verdict, number},
};
use serde::Serialize;
use std::fmt::Write as _;

/// One phase of one round: of the closed loop, one turn.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Phase {
    /// `nginx`, `direct`, one of [`RELAYED`]; of streams `passed` and `converted`.
    pub(crate) through: &'static str,
    /// `closed`, `one`, `clock`, `streams`.
    pub(crate) kind: &'static str,
    pub(crate) connections: usize,
    pub(crate) round: u32,
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// CPU µs per request of the proxy itself; absent for direct.
    pub(crate) cpu: Option<f64>,
    /// The same of Redis and Postgres, which only Causeway uses.
    pub(crate) redis: Option<f64>,
    pub(crate) postgres: Option<f64>,
    /// EVALSHA per request, and the µs per request that Redis was busy with them.
    pub(crate) scripts: Option<f64>,
    pub(crate) scripts_busy: Option<f64>,
    /// The same of the simulator and of the load client.
    pub(crate) simulator: f64,
    pub(crate) client: f64,
    pub(crate) latency: Quantiles,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) placement: String,
    pub(crate) rounds: u32,
    /// Requests a second of the open loop.
    pub(crate) rate: f64,
    pub(crate) ledger_expected: u64,
    pub(crate) ledger: crate::causeway::Ledger,
    /// Peak memory in KiB: nginx's worker, Causeway.
    pub(crate) memory: (u64, u64),
    pub(crate) phases: Vec<Phase>,
}

/// Through Causeway, by how many scopes of a request are limited, as [`crate::causeway::SCOPES`] has them.
pub(crate) const RELAYED: [&str; 3] = ["causeway", "causeway, 2 scopes", "causeway, 4 scopes"];

/// Goal of B1, as a share of nginx's requests per core.
const GOAL: f64 = 0.40;
/// Goals of B3: µs added to p50 and p99.
const ADDED: [f64; 2] = [100.0, 500.0];
/// Goal of reserving and settling with four limited scopes: µs of Redis per request.
const REDIS: f64 = 60.0;

/// Goal of a converted stream: CPU, as a multiple of one that passes.
const CONVERTED: f64 = 2.0;

impl Report {
    fn median(&self, through: &str, kind: &str, connections: usize, of: impl Fn(&Phase) -> f64) -> f64 {
        let same = |p: &&Phase| p.through == through && p.kind == kind && p.connections == connections;
        median(self.phases.iter().filter(same).map(of))
    }

    /// Requests per core, as a multiple of what nginx had in the same turn.
    fn share(&self, through: &str, connections: usize) -> f64 {
        let turns = |through: &str| -> Vec<f64> {
            let same =
                |p: &&Phase| p.through == through && p.kind == "closed" && p.connections == connections;
            self.phases.iter().filter(same).filter_map(|p| p.cpu).collect()
        };
        let (nginx, relayed) = (turns("nginx"), turns(through));
        median(nginx.into_iter().zip(relayed).map(|(nginx, relayed)| nginx / relayed))
    }

    fn connections(&self, kind: &str) -> Vec<usize> {
        let mut all: Vec<usize> =
            self.phases.iter().filter(|p| p.kind == kind).map(|p| p.connections).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}; {}. Medians of {} rounds.\n", self.machine, self.placement, self.rounds);
        self.throughput(&mut out);
        self.latency(&mut out);
        self.streams(&mut out);
        let _ = write!(out, "\n{}", verdict::table(&self.verdicts()));
        let (expected, rows) = (self.ledger_expected, self.ledger.rows);
        let verdict = if expected == rows { "none lost, none double" } else { "NOT THE SAME" };
        let _ = writeln!(out, "\nledger rows: {rows} of {expected} ({verdict})");
        let (nginx, causeway) = (self.memory.0 / 1024, self.memory.1 / 1024);
        let _ = writeln!(out, "peak memory: nginx {nginx} MiB, Causeway {causeway} MiB");
        out
    }

    fn throughput(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "B1: POST /api/v1/messages, 120-byte body, upstream answers at once, everything on: a pool of accounts, the \
             ledger, and limits of every kind on the key; with 2 scopes on its account too, with 4 also on member and \
             organisation. CPU in µs per request; × nginx is requests per core beside nginx in the same turn, \
             goal ≥ {GOAL:.2}. Scripts are EVALSHA per request, and the µs per request that Redis was busy with them.\n"
        );
        let _ = writeln!(
            out,
            "| connections | through | requests/s | CPU | × nginx | Redis CPU | scripts | busy | Postgres CPU | p50 µs | p99 µs |\n\
             |--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
        );
        for connections in self.connections("closed") {
            for through in ["nginx", RELAYED[0], RELAYED[1], RELAYED[2], "direct"] {
                let of = |f: fn(&Phase) -> f64| self.median(through, "closed", connections, f);
                let cpu = of(|p| p.cpu.unwrap_or(f64::NAN));
                let _ = writeln!(
                    out,
                    "| {connections} | {through} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    number(of(|p| p.per_second), 0),
                    number(cpu, 1),
                    number(self.share(through, connections), 2),
                    number(of(|p| p.redis.unwrap_or(f64::NAN)), 1),
                    number(of(|p| p.scripts.unwrap_or(f64::NAN)), 2),
                    number(of(|p| p.scripts_busy.unwrap_or(f64::NAN)), 1),
                    number(of(|p| p.postgres.unwrap_or(f64::NAN)), 1),
                    number(of(|p| p.latency.p50), 0),
                    number(of(|p| p.latency.p99), 0),
                );
            }
        }
    }

    /// What it costs that a client speaks another dialect than the account.
    fn streams(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "\nStreams of 64 events, 5 ms apart, from an account that speaks Messages: passed to a client of Messages, and \
             converted for one of Chat Completions. CPU in µs per stream; goal ≤ {CONVERTED:.1} × passed.\n\n\
             | streams at once | | streams/s | CPU | × passed |\n|--:|---|--:|--:|--:|"
        );
        for streams in self.connections("streams") {
            let cpu = |through| self.median(through, "streams", streams, |p| p.cpu.unwrap_or(f64::NAN));
            for through in ["passed", "converted"] {
                let _ = writeln!(
                    out,
                    "| {streams} | {through} | {} | {} | {} |",
                    number(self.median(through, "streams", streams, |p| p.per_second), 0),
                    number(cpu(through), 0),
                    number(cpu(through) / cpu("passed"), 2),
                );
            }
        }
    }

    fn latency(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "\nB3: µs to the first byte, and what the proxy adds to going direct. Goal: p50 ≤ +100, p99 ≤ +500.\n\n\
             | load | through | p50 | added | p99 | added | p99.9 | added | CPU |\n|---|---|--:|--:|--:|--:|--:|--:|--:|"
        );
        let clock = format!("{:.0}/s by the clock", self.rate);
        for (kind, load) in [("one", "one connection"), ("clock", clock.as_str())] {
            for connections in self.connections(kind) {
                let get = |through, f: fn(&Phase) -> f64| self.median(through, kind, connections, f);
                for through in ["direct", "nginx", "causeway"] {
                    let _ = write!(out, "| {load} | {through} |");
                    let quantiles: [fn(&Phase) -> f64; 3] =
                        [|p| p.latency.p50, |p| p.latency.p99, |p| p.latency.p999];
                    for quantile in quantiles {
                        let (is, direct) = (get(through, quantile), get("direct", quantile));
                        let added = if through == "direct" { f64::NAN } else { is - direct };
                        let _ = write!(out, " {} | {} |", number(is, 0), number(added, 0));
                    }
                    let _ = writeln!(out, " {} |", number(get(through, |p| p.cpu.unwrap_or(f64::NAN)), 1));
                }
            }
        }
    }
}

impl Report {
    /// Every goal, and whether it is met.
    fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for connections in self.connections("closed") {
            let of = |through, f: fn(&Phase) -> f64| self.median(through, "closed", connections, f);
            let what = format!("B1, {connections} connections: requests per core, × nginx");
            verdicts.push(Verdict::at_least(what, GOAL, self.share("causeway", connections), 2));
            let what =
                format!("{connections} connections: µs of Redis for reserving and settling, four scopes");
            let busy = of(RELAYED[2], |p| p.scripts_busy.unwrap_or(f64::NAN));
            verdicts.push(Verdict::at_most(what, REDIS, busy, 0));
        }
        for (kind, load) in [("one", "one connection"), ("clock", "by the clock")] {
            for connections in self.connections(kind) {
                let quantiles: [fn(&Phase) -> f64; 2] = [|p| p.latency.p50, |p| p.latency.p99];
                for ((name, of), goal) in ["p50", "p99"].into_iter().zip(quantiles).zip(ADDED) {
                    let through = |through| self.median(through, kind, connections, of);
                    let what = format!("B3, {load}: µs added to {name}");
                    verdicts.push(Verdict::at_most(what, goal, through("causeway") - through("direct"), 0));
                }
            }
        }
        for streams in self.connections("streams") {
            let cpu = |through| self.median(through, "streams", streams, |p| p.cpu.unwrap_or(f64::NAN));
            let what = format!("{streams} streams: CPU of a converted one, × passed");
            verdicts.push(Verdict::at_most(what, CONVERTED, cpu("converted") / cpu("passed"), 1));
        }
        verdicts.push(Verdict::count("ledger rows", self.ledger_expected, self.ledger.rows));
        verdicts
    }
}
