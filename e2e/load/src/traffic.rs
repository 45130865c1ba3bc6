//! What is live, large or many: B2 (live streams), B4 (big prompts), B7 (thousands of slow streams, then slow readers) and
//! B9 (many events in one packet). `causeway-bench --traffic` does this and nothing else.

mod live;
mod report;
mod slow;

pub(crate) use report::Report;

use crate::{
    Args,
    closed::{self, Fleet, Outcome},
    stage::{Stage, UPSTREAM_KEY, asking},
    watch,
};
use anyhow::{Result, bail};
use causeway_rig::wire::Target;
use live::{EVENTS, EVERY};
use nix::sys::resource::{Resource, getrlimit};
use report::Row;
use serde_json::json;
use slow::Reader;
use std::{collections::HashMap, thread, time::Duration};
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
/// Streams that come before, for what is needed once.
const FEW: usize = 64;
/// Readers that do not read, and the bytes of each of their answers.
const SLOW_READERS: usize = 500;
const UNREAD: usize = 2_000_000;
/// Until a process has given back what it needed before: jemalloc does so within ten seconds.
const GIVEN_BACK: Duration = Duration::from_secs(12);

struct Traffic<'a> {
    args: &'a Args,
    runtime: &'a Runtime,
    stage: &'a Stage,
    /// Connections of each workload on each way, kept from round to round.
    fleets: HashMap<(String, &'static str), Fleet>,
    lines: HashMap<(String, &'static str), Vec<TcpStream>>,
    rows: Vec<Row>,
    relayed: u64,
}

/// Runs all of it.
pub(crate) fn run(args: &Args, runtime: &Runtime) -> Result<Report> {
    let stage = Stage::set(args)?;
    let (fleets, lines) = Default::default();
    let mut traffic = Traffic { args, runtime, stage: &stage, fleets, lines, rows: Vec::new(), relayed: 0 };
    // First, while the memory that the process has is what it needs.
    let slow = if traffic.wants("B7") { traffic.slow()? } else { Vec::new() };
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
    fn slow(&mut self) -> Result<Vec<(usize, f64)>> {
        eprintln!("slow streams, and slow readers");
        let (_, files) = getrlimit(Resource::RLIMIT_NOFILE)?;
        let streams = SLOW.min(usize::try_from(files)?.saturating_sub(1_000) / 2);
        let unread = format!("events=200,text_bytes={UNREAD}");
        [(streams, "events=40,interval=1000", Reader::Keen), (SLOW_READERS, unread.as_str(), Reader::Slow)]
            .into_iter()
            .map(|(streams, script, reader)| {
                // Else what the streams before have needed is found to be there already.
                thread::sleep(GIVEN_BACK);
                // What every request needs, and the first of its kind brings along.
                self.opened("events=3,interval=1000", FEW, Reader::Keen)?;
                Ok((streams, self.opened(script, streams, reader)?))
            })
            .collect()
    }

    /// So many streams at once; the KiB that each needs.
    fn opened(&mut self, script: &str, streams: usize, reader: Reader) -> Result<f64> {
        let target = self.target("causeway", "api", &stream(script));
        let process = self.stage.causeway.running.id();
        self.relayed += streams as u64;
        self.runtime.block_on(slow::memory(&target, streams, reader, process))
    }

    /// B2.
    fn live(&mut self, through: &'static str, streams: usize) -> Result<()> {
        let every = EVERY.as_millis();
        let target = self.target(through, "api", &stream(&format!("events={EVENTS},interval={every}")));
        let name = live_name(streams);
        let lines = match self.lines.remove(&(name.clone(), through)) {
            Some(lines) => lines,
            None => self.runtime.block_on(closed::connect(&target.address, streams))?,
        };
        let before = watch::cpu(&self.proxy(through));
        let (lines, outcome) = self.runtime.block_on(live::play(lines, &target.request, EACH))?;
        self.lines.insert((name.clone(), through), lines);
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
        let fleet = match self.fleets.remove(&(name.to_owned(), through)) {
            Some(fleet) => fleet,
            None => self.runtime.block_on(Fleet::connect(target, connections))?,
        };
        self.proxy(through).iter().for_each(|id| watch::forget_peak(*id));
        let before = watch::cpu(&self.proxy(through));
        let (fleet, outcome) = self.runtime.block_on(fleet.run(seconds))?;
        self.fleets.insert((name.to_owned(), through), fleet);
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
        let spent = watch::cpu(&self.proxy(through)) - before;
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
    fn proxy(&self, through: &str) -> Vec<u32> {
        match through {
            "nginx" => self.stage.nginx.clone(),
            "causeway" => vec![self.stage.causeway.running.id()],
            _ => Vec::new(),
        }
    }

    /// `folder` = nginx's: it has another way for what is large.
    fn target(&self, through: &str, folder: &str, body: &str) -> Target {
        let ports = self.stage.ports;
        let [key, ..] = &self.stage.causeway.keys;
        match through {
            "nginx" => asking(ports.nginx, &format!("/{folder}/v1/messages"), UPSTREAM_KEY, body),
            "causeway" => asking(ports.causeway, "/api/v1/messages", &key.secret, body),
            _ => asking(ports.simulator, "/v1/messages", UPSTREAM_KEY, body),
        }
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
