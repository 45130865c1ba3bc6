//! What is measured, started and in its place: the simulator, nginx and Causeway, the proxies on a core of their own where
//! the machine has one to spare.

use crate::{Args, causeway, causeway::Causeway, upstream, watch};
use anyhow::{Context, Result};
use causeway_rig::{process::Running, wire::Target};
use std::{fs, os::unix::process::parent_id, process::Command, thread};

/// Everything that runs. Ends in this order.
pub(crate) struct Stage {
    pub(crate) causeway: Causeway,
    _nginx: Running,
    _simulator: Running,
    /// nginx's processes.
    pub(crate) nginx: Vec<u32>,
    pub(crate) others: Others,
    pub(crate) ports: Ports,
    /// The machine, and who runs where on it.
    pub(crate) machine: String,
    pub(crate) placement: String,
}

/// Processes whose CPU time is shown beside the proxy's.
pub(crate) struct Others {
    pub(crate) redis: Vec<u32>,
    pub(crate) postgres: Vec<u32>,
    pub(crate) simulator: Vec<u32>,
}

/// Where each of them listens.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) simulator: u16,
    pub(crate) nginx: u16,
    pub(crate) causeway: u16,
}

/// What the simulator is given for a key, on every way but Causeway's.
pub(crate) const UPSTREAM_KEY: &str = "sk-sim-benchmark";

/// A request of a client of Messages to whoever listens there.
pub(crate) fn asking(port: u16, path: &str, key: &str, body: &str) -> Target {
    let headers =
        [("x-api-key", key), ("anthropic-version", "2023-06-01"), ("user-agent", "causeway-bench/1.0")];
    Target::post(&format!("127.0.0.1:{port}"), path, &headers, body)
}

impl Stage {
    /// Starts everything.
    pub(crate) fn set(args: &Args) -> Result<Self> {
        let programs = match &args.programs {
            Some(programs) => programs.clone(),
            None => std::env::current_exe()?.parent().context("where this program is")?.to_owned(),
        };
        let cores = thread::available_parallelism()?.get();
        let placement = Placement::of(cores, args.no_pin);
        let (proxy, rest) = (placement.proxy.as_deref(), placement.rest.as_deref());
        let ports = Ports { simulator: args.port, nginx: args.port + 1, causeway: args.port + 2 };
        eprintln!("starting simulator, nginx and Causeway");
        let program = programs.join("causeway-simulator");
        let simulator = upstream::simulator(&program, ports.simulator, rest, &args.out)?;
        let nginx = upstream::nginx(&args.nginx, ports.nginx, ports.simulator, proxy, &args.out)?;
        let (program, database) = (programs.join("causeway"), &args.database_url);
        let causeway =
            causeway::start(&program, ports.causeway, ports.simulator, proxy, database, &args.out)?;
        // `causeway services` is our parent, and theirs.
        let services = |name| watch::descendants(parent_id(), name);
        let others = Others {
            redis: services("redis-server"),
            postgres: services("postgres"),
            simulator: vec![simulator.id()],
        };
        if let Some(rest) = rest {
            watch::confine(std::process::id(), rest);
            others.redis.iter().chain(&others.postgres).for_each(|id| watch::confine(*id, rest));
        }
        Ok(Self {
            nginx: watch::descendants(nginx.id(), "nginx"),
            causeway,
            _nginx: nginx,
            _simulator: simulator,
            others,
            ports,
            machine: machine(cores),
            placement: placement.words,
        })
    }
}

/// Who runs where.
struct Placement {
    proxy: Option<String>,
    rest: Option<String>,
    words: String,
}

impl Placement {
    /// The proxies take turns on one core. Where there are only two or three, the others may use it as well: one core
    /// for client, simulator and stores together would never let a proxy be busy.
    fn of(cores: usize, no_pin: bool) -> Self {
        let possible = !no_pin && cores > 1 && Command::new("taskset").arg("--version").output().is_ok();
        let last = cores - 1;
        match (possible, cores) {
            (false, _) => Self { proxy: None, rest: None, words: "nothing confined to a core".to_owned() },
            (true, 2 | 3) => Self {
                proxy: Some(last.to_string()),
                rest: None,
                words: "proxies on one core, which others may use too".to_owned(),
            },
            (true, _) => Self {
                proxy: Some(last.to_string()),
                rest: Some(format!("0-{}", last - 1)),
                words: "proxies alone on one core".to_owned(),
            },
        }
    }
}

fn machine(cores: usize) -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{cores} cores, {}", model.map_or("unknown processor", |(_, name)| name))
}
