//! What was measured of it, as a table for people and as JSON for programs.

use super::{LIVE, PROMPTS, THROUGH, live_name, packed_name, prompt_name};
use crate::{
    causeway::Ledger,
    times::{Quantiles, median},
    verdict::{self, Verdict, number},
};
use serde::Serialize;
use std::fmt::Write as _;

/// Goals: requests per core as a share of nginx's, µs that an event is later, and memory of a stream in KiB.
const LIVE_SHARE: f64 = 0.75;
const PACKED_SHARE: f64 = 0.5;
const LATER: f64 = 1_000.0;
/// CPU of a big prompt, as a multiple of nginx's.
const PROMPT_TIMES: f64 = 3.0;
const MEMORY: f64 = 40.0;

/// One workload on one way in one round.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) workload: String,
    pub(super) through: &'static str,
    pub(super) requests: u64,
    pub(super) per_second: f64,
    /// CPU µs per request of the proxy itself.
    pub(super) cpu: Option<f64>,
    /// By how much events are later than the fastest of their stream.
    pub(super) late: Option<Quantiles>,
    /// The most memory that the proxy had meanwhile, in MiB.
    pub(super) peak: Option<f64>,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(super) machine: String,
    pub(super) placement: String,
    pub(super) rounds: u32,
    pub(super) rows: Vec<Row>,
    /// Streams at once, and the KiB that each needed: slow ones, and those whose readers are slow.
    pub(super) slow: Vec<(usize, f64)>,
    pub(super) ledger_expected: u64,
    pub(super) ledger: Ledger,
}

impl Report {
    fn median(&self, workload: &str, through: &str, of: impl Fn(&Row) -> Option<f64>) -> f64 {
        let same = self.rows.iter().filter(|row| row.workload == workload && row.through == through);
        median(same.map(|row| of(row).unwrap_or(f64::NAN)))
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("{}; {}. Medians of {} rounds.\n\n", self.machine, self.placement, self.rounds);
        out.push_str(
            "CPU in µs per request; × nginx is requests per core. Late: by how many µs an event is behind the fastest of its \
             stream. Peak: of the proxy's memory, in MiB.\n\n\
             | workload | through | requests/s | CPU | × nginx | late p50 | p99 | peak |\n|---|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for workload in self.workloads() {
            let nginx = self.median(workload, "nginx", |row| row.cpu);
            for through in THROUGH {
                let of = |f: fn(&Row) -> Option<f64>| self.median(workload, through, f);
                let cpu = of(|row| row.cpu);
                let _ = writeln!(
                    out,
                    "| {workload} | {through} | {} | {} | {} | {} | {} | {} |",
                    number(of(|row| Some(row.per_second)), 0),
                    number(cpu, 0),
                    number(nginx / cpu, 2),
                    number(of(|row| Some(row.late?.p50)), 0),
                    number(of(|row| Some(row.late?.p99)), 0),
                    number(of(|row| row.peak), 0),
                );
            }
        }
        let _ = write!(out, "\n{}", verdict::table(&self.verdicts()));
        out
    }

    fn workloads(&self) -> Vec<&String> {
        let mut names = Vec::new();
        for row in &self.rows {
            if !names.contains(&&row.workload) {
                names.push(&row.workload);
            }
        }
        names
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let cpu = |name: &str, through| self.median(name, through, |row| row.cpu);
        let times = |name: &str| cpu(name, "causeway") / cpu(name, "nginx");
        let ran = self.workloads();
        let mut verdicts = Vec::new();
        for name in LIVE.map(live_name).into_iter().filter(|name| ran.contains(&name)) {
            let late = |through| self.median(&name, through, |row| Some(row.late?.p99));
            let (share, later) = (1.0 / times(&name), late("causeway") - late("direct"));
            verdicts.push(Verdict::at_least(format!("{name}: per core, × nginx"), LIVE_SHARE, share, 2));
            verdicts.push(Verdict::at_most(format!("{name}: µs added to p99 of an event"), LATER, later, 0));
        }
        for name in PROMPTS.map(prompt_name).into_iter().filter(|name| ran.contains(&name)) {
            let what = format!("{name}: CPU, × nginx");
            verdicts.push(Verdict::at_most(what, PROMPT_TIMES, times(&name), 1));
        }
        for ((streams, each), what) in self.slow.iter().zip(["slow streams", "slow readers"]) {
            let what = format!("B7, {streams} {what}: KiB of memory for each");
            verdicts.push(Verdict::at_most(what, MEMORY, *each, 1));
        }
        for name in [packed_name()].into_iter().filter(|name| ran.contains(&name)) {
            let what = format!("{name}: per core, × nginx");
            verdicts.push(Verdict::at_least(what, PACKED_SHARE, 1.0 / times(&name), 2));
        }
        verdicts.push(Verdict::count("ledger rows", self.ledger_expected, self.ledger.rows));
        verdicts
    }
}
