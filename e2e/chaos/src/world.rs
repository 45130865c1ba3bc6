//! The installation under test: services, simulator, three instances, one organisation.

use crate::{
    Args,
    call::{Key, Log},
    price::MODELS,
};
use anyhow::{Context, Result};
use causeway_embedded::Embedded;
use causeway_rig::{
    causeway::{Admin, call, setup_token},
    process::{self, Running, free_ports},
};
use causeway_simulator::{LedgerDetail, Simulator, SimulatorConfig};
use chrono::{Timelike, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many instances there are.
pub(crate) const INSTANCES: usize = 3;

/// Seconds for which an answer is read on after its client has left.
pub(crate) const DRAIN: u64 = 4;

/// What clients need: where to ask, and where to write down that they did.
pub(crate) struct Field {
    pub(crate) addresses: Vec<String>,
    pub(crate) log: Log,
}

/// Everything that runs.
pub(crate) struct World<'a> {
    pub(crate) services: &'a Embedded,
    pub(crate) simulator: Simulator,
    pub(crate) field: Arc<Field>,
    pub(crate) admin: Admin,
    instances: Vec<Instance>,
}

/// One instance, alive or not.
struct Instance {
    start: Start,
    running: Option<Running>,
}

/// All it takes to start an instance again.
#[derive(Clone)]
struct Start {
    program: PathBuf,
    address: String,
    settings: Vec<(&'static str, SecretString)>,
    out: PathBuf,
    name: usize,
    lives: usize,
}

impl Start {
    /// Starts it and waits until it is ready. Blocks.
    fn run(&self) -> Result<(Running, PathBuf)> {
        let log = self.out.join(format!("instance-{}-{}.log", self.name, self.lives));
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
        let mut running = process::start(&self.program, &["serve"], &settings, None, &log)?;
        running.wait_for(&log, || call(&self.address, "GET", "/ready", &[], None).ok())?;
        Ok((running, log))
    }
}

impl<'a> World<'a> {
    /// Starts and sets up everything.
    pub(crate) async fn start(args: &Args, services: &'a Embedded, program: &Path) -> Result<Self> {
        let simulator = Simulator::start(SimulatorConfig {
            seed: args.seed,
            detail: LedgerDetail::Figures,
            ledger_capacity: 1_000_000,
            ..SimulatorConfig::default()
        });
        let simulator = simulator.await.context("starting the simulator")?;
        let ports = free_ports(2 * INSTANCES)?;
        let addresses: Vec<String> =
            ports[..INSTANCES].iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut starts = Vec::new();
        for (name, address) in addresses.iter().enumerate() {
            let plain = |value: String| SecretString::from(value);
            let settings = vec![
                ("DATABASE_URL", services.database_url()),
                ("REDIS_URL", services.redis_url()),
                ("CAUSEWAY_SECRET_KEY", services.secrets().key.clone()),
                ("PUBLIC_URL", plain(format!("http://{}", addresses[0]))),
                ("LISTEN", plain("127.0.0.1".to_owned())),
                ("PORT", plain(ports[name].to_string())),
                ("METRICS_LISTEN", plain(format!("127.0.0.1:{}", ports[INSTANCES + name]))),
                ("UPSTREAM_ALLOW_PRIVATE", plain("127.0.0.1/32".to_owned())),
                ("SHUTDOWN_GRACE_SECONDS", plain("3".to_owned())),
                ("LOG_LEVEL", plain("info".to_owned())),
            ];
            let start = Start {
                program: program.to_owned(),
                address: address.clone(),
                settings,
                out: args.out.clone(),
                name,
                lives: 1,
            };
            starts.push(start);
        }
        // The first one prepares the database; the others can then start at the same time.
        let begin = |start: Start| tokio::task::spawn_blocking(move || start.run());
        let (first, log) = begin(starts[0].clone()).await??;
        let others: Vec<_> = starts[1..].iter().map(|start| begin(start.clone())).collect();
        let mut running = vec![first];
        for other in others {
            running.push(other.await??.0);
        }
        let alive = starts.into_iter().zip(running);
        let instances = alive.map(|(start, running)| Instance { start, running: Some(running) }).collect();
        let (address, base_url) = (addresses[0].clone(), simulator.url());
        let admin = tokio::task::spawn_blocking(move || set_up(&address, &log, &base_url)).await??;
        let field = Arc::new(Field { addresses, log: Log::default() });
        Ok(Self { services, simulator, field, admin, instances })
    }

    /// Issues a key.
    pub(crate) fn key(&self, name: &str, limits: &Value) -> Result<Key> {
        let everything = json!({ "allow": [], "deny": [] });
        let (secret, id) =
            self.admin.key(name, limits, &everything).with_context(|| format!("the key {name}"))?;
        Ok(Key { id, secret })
    }

    /// Kills an instance as a power failure would.
    pub(crate) fn kill(&mut self, instance: usize) {
        if let Some(running) = self.instances[instance].running.take() {
            running.kill();
        }
    }

    /// Starts it again, in a new life.
    pub(crate) async fn revive(&mut self, instance: usize) -> Result<()> {
        let instance = &mut self.instances[instance];
        instance.start.lives += 1;
        let start = instance.start.clone();
        let (running, _) = tokio::task::spawn_blocking(move || start.run()).await??;
        instance.running = Some(running);
        Ok(())
    }
}

/// The organisation: its account is the simulator, its day ends far from now, its prices are ours.
fn set_up(address: &str, log: &Path, base_url: &str) -> Result<Admin> {
    let token = setup_token(log).context("no setup link in the log of the first instance")?;
    let admin = Admin::set_up(address, &token, "Chaos")?;
    admin.account("Simulator", base_url)?;
    // A budget of a day must not begin anew in the middle of a run.
    let day_start = format!("{:02}:00", (Utc::now().hour() + 12) % 24);
    admin.call("PATCH", "organization", &json!({ "day_start": day_start, "drain_seconds": DRAIN }))?;
    for model in &MODELS {
        admin.call("PUT", &format!("prices/overrides/{}", model.name), &model.figures())?;
    }
    Ok(admin)
}
