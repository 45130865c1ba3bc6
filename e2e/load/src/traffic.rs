//! What is live, large or many: B2 (live streams), B4 (big prompts), B7 (thousands of slow streams, then slow readers) and
//! B9 (many events in one packet). `causeway-bench --traffic` does this and nothing else.

mod live;
mod slow;

use crate::{
    Args, causeway,
    closed::{self, Fleet, Outcome},
    stage::Stage,
    times::{Quantiles, median},
    verdict::{self, Verdict, number},
    watch,
};
use anyhow::{Result, bail};
use causeway_rig::wire::Target;
use live::{EVENTS, EVERY};
use serde::Serialize;
use serde_json::json;
use slow::Reader;
use std::{collections::HashMap, fmt::Write as _, thread, time::Duration};
use tokio::{net::TcpStream, runtime::Runtime};

const MODEL: &str = "claude-haiku-4-5-20251001";
/// Every workload in turns, so that a machine which grows slower meanwhile is so for all of them.
const THROUGH: [&str; 3] = ["direct", "nginx", "causeway"];

/// Live streams at once, and how many each connection plays.
const LIVE: [usize; 2] = [200, 1000];
const EACH: u32 = 2;
/// Events that come in one packet, how many packets, and streams at once.
const PACKED: usize = 24;
const PACKETS: usize = 4;
const PACKED_STREAMS: usize = 128;
/// Bytes of a big prompt, and connections that send them.
const PROMPTS: [usize; 2] = [425_000, 4_000_000];
const SENDERS: usize = 8;
/// Slow streams at once: as many as there are files for, and these at most. A relay needs two for each.
const SLOW: usize = 10_000;
/// Readers that do not read, and the bytes of each of their answers.
const SLOW_READERS: usize = 500;
const UNREAD: usize = 2_000_000;

/// Goals: requests per core as a share of nginx's, µs that an event is later, and memory of a stream in KiB.
const LIVE_SHARE: f64 = 0.75;
const PACKED_SHARE: f64 = 0.5;
const LATER: f64 = 1_000.0;
/// CPU of a big prompt, as a multiple of nginx's.
const PROMPT_TIMES: f64 = 3.0;
const MEMORY: f64 = 40.0;

/// One workload on one way in one round.
#[derive(Clone, Debug, Serialize)]
struct Row {
    workload: String,
    through: &'static str,
    requests: u64,
    per_second: f64,
    /// CPU µs per request of the proxy itself.
    cpu: Option<f64>,
    /// By how much events are later than the fastest of their stream.
    late: Option<Quantiles>,
    /// The most memory that the proxy had meanwhile, in MiB.
    peak: Option<f64>,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: String,
    placement: String,
    rounds: u32,
    rows: Vec<Row>,
    /// Streams at once, and the KiB that each needed: slow ones, and those whose readers are slow.
    slow: Vec<(usize, f64)>,
    ledger_expected: u64,
    ledger: causeway::Ledger,
}

struct Traffic<'a> {
    args: &'a Args,
    runtime: &'a Runtime,
    stage: &'a Stage,
    fleets: HashMap<String, Fleet>,
    lines: HashMap<String, Vec<TcpStream>>,
    rows: Vec<Row>,
    relayed: u64,
}

/// Runs all of it.
pub(crate) fn run(args: &Args, runtime: &Runtime) -> Result<Report> {
    let stage = Stage::set(args)?;
    let (fleets, lines) = Default::default();
    let mut traffic = Traffic { args, runtime, stage: &stage, fleets, lines, rows: Vec::new(), relayed: 0 };
    // First, while the memory that the process has is what it needs.
    let slow = if traffic.wants("B7") { traffic.slow()?.to_vec() } else { Vec::new() };
    for round in 0..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        traffic.round(Duration::from_secs_f64(args.seconds))?;
        if round == 0 {
            // That was to warm everything up.
            traffic.rows.clear();
        }
    }
    let ledger = runtime.block_on(stage.causeway.ledger(traffic.relayed))?;
    Ok(Report {
        rounds: args.rounds,
        slow,
        ledger_expected: traffic.relayed,
        ledger,
        rows: traffic.rows,
        machine: stage.machine,
        placement: stage.placement,
    })
}

impl Traffic<'_> {
    fn wants(&self, name: &str) -> bool {
        self.args.only.is_empty() || self.args.only.iter().any(|only| only == name)
    }

    fn round(&mut self, seconds: Duration) -> Result<()> {
        if self.wants("B2") {
            for streams in LIVE {
                for through in THROUGH {
                    self.live(through, streams)?;
                }
            }
        }
        if self.wants("B9") {
            self.packed(seconds)?;
        }
        if self.wants("B4") {
            for bytes in PROMPTS {
                let body = prompt(bytes);
                for through in THROUGH {
                    let target = self.target(through, "large", &body);
                    self.closed(&prompt_name(bytes), through, &target, SENDERS, seconds)?;
                }
            }
        }
        Ok(())
    }

    /// B9.
    fn packed(&mut self, seconds: Duration) -> Result<()> {
        let every = EVERY.as_millis();
        let packed = stream(&format!("events={},per_packet={PACKED},interval={every}", PACKED * PACKETS));
        for through in THROUGH {
            let target = self.target(through, "api", &packed);
            self.closed(&packed_name(), through, &target, PACKED_STREAMS, seconds)?;
        }
        Ok(())
    }

    /// B7.
    fn slow(&mut self) -> Result<[(usize, f64); 2]> {
        eprintln!("slow streams, and slow readers");
        let files = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)?.1;
        let streams = SLOW.min(usize::try_from(files)?.saturating_sub(1_000) / 2);
        let process = self.stage.causeway.running.id();
        let slow = self.target("causeway", "api", &stream("events=40,interval=1000"));
        let bulky = self.target("causeway", "api", &stream(&format!("events=200,text_bytes={UNREAD}")));
        let (runtime, all) =
            (self.runtime, [(streams, slow, Reader::Keen), (SLOW_READERS, bulky, Reader::Slow)]);
        let mut found = [(0, 0.0); 2];
        for ((streams, target, reader), found) in all.into_iter().zip(&mut found) {
            // What every request needs, and the first of its kind brings along.
            let few = 64;
            runtime.block_on(slow::memory(
                &self.target("causeway", "api", &stream("events=3,interval=1000")),
                few,
                Reader::Keen,
                process,
            ))?;
            let each = runtime.block_on(slow::memory(&target, streams, reader, process))?;
            self.relayed += (few + streams) as u64;
            *found = (streams, each);
        }
        Ok(found)
    }

    /// B2.
    fn live(&mut self, through: &'static str, streams: usize) -> Result<()> {
        let every = EVERY.as_millis();
        let target = self.target(through, "api", &stream(&format!("events={EVENTS},interval={every}")));
        let name = live_name(streams);
        let lines = match self.lines.remove(&format!("{name} {through}")) {
            Some(lines) => lines,
            None => self.runtime.block_on(closed::connect(&target.address, streams))?,
        };
        let before = watch::cpu(self.proxy(through));
        let (lines, outcome) = self.runtime.block_on(live::play(lines, &target.request, EACH))?;
        self.lines.insert(format!("{name} {through}"), lines);
        self.note(&name, through, before, outcome, true)
    }

    /// B4 and B9.
    fn closed(
        &mut self,
        name: &str,
        through: &'static str,
        target: &Target,
        connections: usize,
        seconds: Duration,
    ) -> Result<()> {
        let fleet = match self.fleets.remove(&format!("{name} {through}")) {
            Some(fleet) => fleet,
            None => self.runtime.block_on(Fleet::connect(target, connections))?,
        };
        self.proxy(through).iter().for_each(|id| watch::forget_peak(*id));
        let before = watch::cpu(self.proxy(through));
        let (fleet, outcome) = self.runtime.block_on(fleet.run(seconds))?;
        self.fleets.insert(format!("{name} {through}"), fleet);
        self.note(name, through, before, outcome, false)
    }

    fn note(
        &mut self,
        name: &str,
        through: &'static str,
        before: Duration,
        outcome: Outcome,
        of_events: bool,
    ) -> Result<()> {
        // What Causeway does a little later (the ledger's batches) belongs to these requests too.
        if through == "causeway" {
            thread::sleep(Duration::from_millis(200));
            self.relayed += outcome.ok;
        }
        let spent = watch::cpu(self.proxy(through)) - before;
        if let Some(example) = outcome.failure {
            let (failed, all) = (outcome.failed, outcome.failed + outcome.ok);
            bail!("{name}: {failed} of {all} requests through {through} failed: {example}");
        }
        let measured = through != "direct";
        let peak = self.proxy(through).iter().map(|id| watch::peak_memory(*id)).max().unwrap_or(0);
        self.rows.push(Row {
            workload: name.to_owned(),
            through,
            requests: outcome.ok,
            per_second: outcome.ok as f64 / outcome.took.as_secs_f64(),
            cpu: measured.then(|| spent.as_secs_f64() * 1e6 / outcome.ok as f64),
            late: of_events.then(|| outcome.times.quantiles()),
            peak: (measured && !of_events).then_some(peak as f64 / 1024.0),
        });
        Ok(())
    }

    /// The processes whose time and memory are the proxy's.
    fn proxy(&self, through: &str) -> &[u32] {
        match through {
            "nginx" => &self.stage.nginx,
            "causeway" => &self.stage.causeway.processes,
            _ => &[],
        }
    }

    /// `folder` = nginx's: it has another way for what is large.
    fn target(&self, through: &str, folder: &str, body: &str) -> Target {
        let ports = self.stage.ports;
        let [key, ..] = &self.stage.causeway.keys;
        let nginx = format!("/{folder}/v1/messages");
        let (port, path, secret) = match through {
            "nginx" => (ports.nginx, nginx.as_str(), "sk-sim-benchmark"),
            "causeway" => (ports.causeway, "/api/v1/messages", key.secret.as_str()),
            _ => (ports.simulator, "/v1/messages", "sk-sim-benchmark"),
        };
        let headers = [
            ("x-api-key", secret),
            ("anthropic-version", "2023-06-01"),
            ("user-agent", "causeway-bench/1.0"),
        ];
        Target::post(&format!("127.0.0.1:{port}"), path, &headers, body)
    }
}

/// A request for a stream that comes as the simulator is told.
fn stream(script: &str) -> String {
    json!({
        "model": MODEL, "max_tokens": 4096, "stream": true,
        "metadata": { "user_id": format!("sim:{script}") },
        "messages": [{ "role": "user", "content": "How long is a causeway?" }],
    })
    .to_string()
}

/// A conversation of so many bytes, as long as an agent's are: what is said, and code.
fn prompt(bytes: usize) -> String {
    const SAID: &str = "Causeways were built across marshes and tidal flats long before bridges could span them; the one to \
        the abbey is under water twice a day. Below is what the tide table is made by. Is the offset für Straße 7 right?\n\n\
        fn crossing(tide: &Tide, at: DateTime<Utc>) -> Option<Window> {\n    \
        let height = tide.height(at).max(MEAN);\n    \
        let opens = tide.falls_below(CAUSEWAY_METRES)?;\n    \
        println!(\"{height:.2} m at {at}, passable from {opens}\");\n    \
        Some(Window { opens, closes: opens + tide.ebb() })\n}\n\n";
    let text = SAID.repeat(4);
    let turns = bytes / json!(text).to_string().len();
    let messages: Vec<_> = (0..turns | 1)
        .map(|n| json!({ "role": if n % 2 == 0 { "user" } else { "assistant" }, "content": text }))
        .collect();
    json!({ "model": MODEL, "max_tokens": 64, "messages": messages }).to_string()
}

fn live_name(streams: usize) -> String {
    format!("B2, {streams} streams of {EVENTS} events, {} ms apart", EVERY.as_millis())
}

fn packed_name() -> String {
    format!("B9, {PACKED_STREAMS} streams of {PACKETS} packets with {PACKED} events in each")
}

fn prompt_name(bytes: usize) -> String {
    format!("B4, prompts of {} KB", bytes / 1000)
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
            let nginx = self.median(&workload, "nginx", |row| row.cpu);
            for through in THROUGH {
                let of = |f: fn(&Row) -> Option<f64>| self.median(&workload, through, f);
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

    fn workloads(&self) -> Vec<String> {
        let mut all: Vec<String> = self.rows.iter().map(|row| row.workload.clone()).collect();
        let mut seen = Vec::new();
        all.retain(|name| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        all
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let cpu = |name: &str, through| self.median(name, through, |row| row.cpu);
        let times = |name: &str| cpu(name, "causeway") / cpu(name, "nginx");
        let ran = self.workloads();
        let mut verdicts = Vec::new();
        for name in LIVE.map(live_name).into_iter().filter(|name| ran.contains(name)) {
            let late = |through| self.median(&name, through, |row| Some(row.late?.p99));
            let (share, later) = (1.0 / times(&name), late("causeway") - late("direct"));
            verdicts.push(Verdict::at_least(format!("{name}: per core, × nginx"), LIVE_SHARE, share, 2));
            verdicts.push(Verdict::at_most(format!("{name}: µs added to p99 of an event"), LATER, later, 0));
        }
        for name in PROMPTS.map(prompt_name).into_iter().filter(|name| ran.contains(name)) {
            let what = format!("{name}: CPU, × nginx");
            verdicts.push(Verdict::at_most(what, PROMPT_TIMES, times(&name), 1));
        }
        for ((streams, each), what) in self.slow.iter().zip(["slow streams", "slow readers"]) {
            let what = format!("B7, {streams} {what}: KiB of memory for each");
            verdicts.push(Verdict::at_most(what, MEMORY, *each, 1));
        }
        if let Some(name) = Some(packed_name()).filter(|name| ran.contains(name)) {
            let what = format!("{name}: per core, × nginx");
            verdicts.push(Verdict::at_least(what, PACKED_SHARE, 1.0 / times(&name), 2));
        }
        verdicts.push(Verdict::count("ledger rows", self.ledger_expected, self.ledger.rows));
        verdicts
    }
}
