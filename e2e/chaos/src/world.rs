//! The installation under test: services, simulator, three instances, and organisations.

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
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::{block_in_place, spawn_blocking};
use uuid::Uuid;

/// How many instances there are.
pub(crate) const INSTANCES: usize = 3;

/// Seconds for which an answer is read on after its client has left.
pub(crate) const DRAIN: u64 = 4;

/// Accounts of the organisation that the mixed load is in: enough of them that some do not rest.
const ACCOUNTS: usize = 20;

/// Accounts that have failed rest for a second here: what is held against the truth is what failing costs, and not how
/// long it lasts.
const COOLDOWNS: &str = "provider_error=1,unreachable=1,silent=1";

/// Keys under one limit that is not a key's own.
const KEYS: usize = 3;

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Key,
    Member,
    Organisation,
    Account,
}

impl Scope {
    /// Those that count over several keys.
    pub(crate) const WIDE: [Self; 3] = [Self::Member, Self::Organisation, Self::Account];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Member => "member",
            Self::Organisation => "organisation",
            Self::Account => "account",
        }
    }
}

/// What clients need: where to ask, and where to write down that they did.
pub(crate) struct Field {
    pub(crate) addresses: Vec<String>,
    pub(crate) log: Log,
    /// What answers of 503 said, and how often.
    pub(crate) refusals: Mutex<BTreeMap<String, usize>>,
}

impl Field {
    /// What answers of 503 have said since this was asked last.
    pub(crate) fn take_refusals(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.refusals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Everything that runs.
pub(crate) struct World<'a> {
    pub(crate) services: &'a Embedded,
    pub(crate) simulator: Simulator,
    pub(crate) field: Arc<Field>,
    admin: Admin,
    /// Accounts by their key at the simulator.
    accounts: Mutex<HashMap<String, Uuid>>,
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
                ("COOLDOWNS", plain(COOLDOWNS.to_owned())),
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
        let begin = |start: Start| spawn_blocking(move || start.run());
        let (first, log) = begin(starts[0].clone()).await??;
        let others: Vec<_> = starts[1..].iter().map(|start| begin(start.clone())).collect();
        let mut running = vec![first];
        for other in others {
            running.push(other.await??.0);
        }
        let alive = starts.into_iter().zip(running);
        let instances = alive.map(|(start, running)| Instance { start, running: Some(running) }).collect();
        let admin = block_in_place(|| {
            let token = setup_token(&log).context("no setup link in the log of the first instance")?;
            Admin::set_up(&addresses[0], &token, "Chaos")
        })?;
        let field = Arc::new(Field { addresses, log: Log::default(), refusals: Mutex::default() });
        let world = Self { services, simulator, field, admin, accounts: Mutex::default(), instances };
        block_in_place(|| world.furnish(&world.admin, ACCOUNTS, &json!({})))?;
        Ok(world)
    }

    /// Issues a key in the organisation of the mixed load.
    pub(crate) fn key(&self, name: &str, limits: &Value) -> Result<Key> {
        block_in_place(|| issue(&self.admin, name, limits))
    }

    /// Issues keys that have one limit in common, and no other. A limit that is no key's own is in an organisation of its
    /// own, so that nothing else counts in it.
    pub(crate) fn limited(&self, scope: Scope, name: &str, limits: &Value) -> Result<Vec<Key>> {
        if scope == Scope::Key {
            return Ok(vec![self.key(name, limits)?]);
        }
        let none = json!({});
        block_in_place(|| {
            let admin = self.admin.another(&format!("{name} of one {}", scope.name()))?;
            self.furnish(&admin, 1, if scope == Scope::Account { limits } else { &none })?;
            match scope {
                Scope::Member => admin.limit_owner(limits)?,
                Scope::Organisation => {
                    admin.call("PATCH", "organization", &json!({ "limits": limits }))?;
                }
                Scope::Key | Scope::Account => {}
            }
            (0..KEYS).map(|n| issue(&admin, &format!("{name} {n}"), &none)).collect()
        })
    }

    /// An organisation's accounts are the simulator, its day ends far from now, its prices are ours.
    fn furnish(&self, admin: &Admin, accounts: usize, limits: &Value) -> Result<()> {
        // A budget of a day must not begin anew in the middle of a run.
        let day_start = format!("{:02}:00", (Utc::now().hour() + 12) % 24);
        admin.call("PATCH", "organization", &json!({ "day_start": day_start, "drain_seconds": DRAIN }))?;
        for model in &MODELS {
            admin.call("PUT", &format!("prices/overrides/{}", model.name), &model.figures())?;
        }
        for n in 0..accounts {
            let api_key = format!("sk-sim-chaos-{}", self.lock_accounts().len());
            let id = admin.account(&format!("Simulator {n}"), &self.simulator.url(), &api_key, limits)?;
            self.lock_accounts().insert(api_key, Uuid::parse_str(&id)?);
        }
        Ok(())
    }

    /// The accounts by their key at the simulator.
    pub(crate) fn accounts(&self) -> HashMap<String, Uuid> {
        self.lock_accounts().clone()
    }

    fn lock_accounts(&self) -> MutexGuard<'_, HashMap<String, Uuid>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (running, _) = spawn_blocking(move || start.run()).await??;
        instance.running = Some(running);
        Ok(())
    }
}

fn issue(admin: &Admin, name: &str, limits: &Value) -> Result<Key> {
    let everything = json!({ "allow": [], "deny": [] });
    let (secret, id) = admin.key(name, limits, &everything).with_context(|| format!("the key {name}"))?;
    Ok(Key { id, secret })
}
