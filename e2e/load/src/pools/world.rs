//! Three instances that share their stores, a simulator, and a pool of accounts.

use super::{ACCOUNTS, FIRST_BYTE, load};
use crate::Args;
use anyhow::{Context, Result};
use causeway_rig::{
    causeway::{Admin, call, random_key, setup_token, text},
    process::{self, Running, free_ports},
    wire::{self, Target},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::HashSet, net::TcpStream, path::Path, time::Duration};

/// Asked for throughout.
pub(super) const MODEL: &str = "claude-haiku-4-5-20251001";

const INSTANCES: usize = 3;

/// Requests a second that show that every account is used, and for how many seconds at most.
const WARM_UP: f64 = 300.0;
const RECOVERY: usize = 30;

/// Everything that runs.
pub(super) struct World {
    simulator: String,
    admin: Admin,
    accounts: Vec<String>,
    pub(super) addresses: Vec<String>,
    /// The secret of a key whose pool keeps no conversations, and of one whose does.
    pub(super) spread: String,
    pub(super) sticky: String,
    _running: Vec<Running>,
}

/// What the simulator knows of a request.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) key: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) status: Option<u16>,
}

impl World {
    /// Starts and sets up everything.
    pub(super) fn start(args: &Args) -> Result<Self> {
        let programs = match &args.programs {
            Some(programs) => programs.clone(),
            None => std::env::current_exe()?.parent().context("where this program is")?.to_owned(),
        };
        let ports = free_ports(1 + 2 * INSTANCES)?;
        let simulator = format!("127.0.0.1:{}", ports[0]);
        let log = args.out.join("simulator.log");
        let arguments =
            ["--listen", &simulator, "--ledger", "figures", "--seed", "1", "--ledger-capacity", "1000000"];
        let mut sim = process::start(&programs.join("causeway-simulator"), &arguments, &[], None, &log)?;
        sim.wait_for(&log, || TcpStream::connect(&simulator).ok())?;

        let addresses: Vec<String> =
            ports[1..=INSTANCES].iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let (secret, public) = (random_key()?, format!("http://{}", addresses[0]));
        let mut running = vec![sim];
        for (n, address) in addresses.iter().enumerate() {
            let (port, metrics) =
                (ports[1 + n].to_string(), format!("127.0.0.1:{}", ports[1 + INSTANCES + n]));
            let settings = [
                ("LISTEN", "127.0.0.1"),
                ("PORT", &*port),
                ("METRICS_LISTEN", &*metrics),
                ("PUBLIC_URL", &*public),
                ("CAUSEWAY_SECRET_KEY", &*secret),
                ("UPSTREAM_ALLOW_PRIVATE", "127.0.0.1/32"),
                ("LOG_LEVEL", "info"),
            ];
            running.push(instance(&programs.join("causeway"), address, &settings, &log_of(args, n))?);
        }
        let token =
            setup_token(&log_of(args, 0)).context("no setup link in the log of the first instance")?;
        let admin = Admin::set_up(&addresses[0], &token, "Pools")?;
        let accounts = accounts(&admin, &format!("http://{simulator}"))?;
        let [spread, sticky] =
            [("Spread", 0), ("Sticky", 3600)].map(|(name, sticky)| key(&admin, &accounts, name, sticky));
        Ok(Self {
            simulator,
            admin,
            accounts,
            addresses,
            spread: spread?,
            sticky: sticky?,
            _running: running,
        })
    }

    /// An account's key at the simulator.
    pub(super) fn key(account: usize) -> String {
        format!("sk-sim-{account:02}")
    }

    /// What an account does from now on.
    pub(super) fn script(&self, account: usize, script: &str) -> Result<()> {
        let rule = json!({ "key": Self::key(account), "script": script });
        call(&self.simulator, "POST", "/_sim/script", &[], Some(&rule)).map(drop)
    }

    /// All do what they should.
    pub(super) fn script_nothing(&self) -> Result<()> {
        call(&self.simulator, "DELETE", "/_sim/script", &[], None).map(drop)
    }

    /// All do what they should, and no instance lets one rest any more for what it has done before.
    pub(super) async fn recover(&self) -> Result<()> {
        self.script_nothing()?;
        for account in &self.accounts {
            self.admin.call("POST", &format!("accounts/{account}/reset"), &Value::Null)?;
        }
        for _ in 0..RECOVERY {
            self.forget()?;
            load::by_the_clock(&self.instances(&self.spread), WARM_UP, Duration::from_secs(1)).await?;
            let entries = self.entries()?;
            let used: HashSet<_> =
                entries.iter().filter(|e| e.status == Some(200)).filter_map(|e| e.key.as_ref()).collect();
            if used.len() == ACCOUNTS && entries.iter().all(|entry| entry.status == Some(200)) {
                return Ok(());
            }
        }
        anyhow::bail!("some accounts still rest although they were reset and answer")
    }

    /// What was asked so far does not count.
    pub(super) fn forget(&self) -> Result<()> {
        call(&self.simulator, "DELETE", "/_sim/ledger", &[], None).map(drop)
    }

    /// What was asked since.
    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        let page = call(&self.simulator, "GET", "/_sim/ledger?limit=1000000", &[], None)?;
        Ok(serde_json::from_value(page["entries"].clone())?)
    }

    /// A stream straight from the simulator.
    pub(super) fn direct(&self) -> Target {
        let headers = [("x-api-key", "sk-sim-direct"), ("anthropic-version", "2023-06-01")];
        Target::post(&self.simulator, "/v1/messages", &headers, &stream())
    }

    /// The same through each of the instances.
    pub(super) fn instances(&self, key: &str) -> Vec<Target> {
        let target = |instance: usize| Target {
            address: self.addresses[instance].clone(),
            request: self.request(instance, key, None, &stream()),
        };
        (0..self.addresses.len()).map(target).collect()
    }

    /// The bytes of a request.
    pub(super) fn request(
        &self,
        instance: usize,
        key: &str,
        more: Option<&(&str, String)>,
        body: &str,
    ) -> Vec<u8> {
        let mut headers = vec![("x-api-key", key), ("anthropic-version", "2023-06-01")];
        headers.extend(more.map(|(name, value)| (*name, value.as_str())));
        wire::request("POST", &self.addresses[instance], "/api/v1/messages", &headers, body)
    }
}

fn log_of(args: &Args, instance: usize) -> std::path::PathBuf {
    args.out.join(format!("instance-{instance}.log"))
}

fn instance(program: &Path, address: &str, settings: &[(&str, &str)], log: &Path) -> Result<Running> {
    let mut running = process::start(program, &["serve"], settings, None, log)?;
    running.wait_for(log, || call(address, "GET", "/ready", &[], None).ok())?;
    Ok(running)
}

/// The accounts of every pool.
fn accounts(admin: &Admin, simulator: &str) -> Result<Vec<String>> {
    let account = |n| {
        let id = admin.account(&format!("Simulator {n:02}"), simulator, &World::key(n), &json!({}))?;
        let timeouts = json!({ "timeouts": { "first_event_seconds": FIRST_BYTE } });
        admin.call("PATCH", &format!("accounts/{id}"), &timeouts)?;
        Ok(id)
    };
    (0..ACCOUNTS).map(account).collect()
}

/// A pool of all accounts, and the secret of a key for it.
fn key(admin: &Admin, accounts: &[String], name: &str, sticky: u32) -> Result<String> {
    let pool =
        json!({ "name": name, "strategy": "round_robin", "sticky_seconds": sticky, "account_ids": accounts });
    let pool = text(&admin.call("POST", "pools", &pool)?, "id")?;
    text(&admin.call("POST", "keys", &json!({ "name": name, "pool_ids": [pool] }))?, "secret")
}

fn stream() -> String {
    let body: Value = json!({
        "model": MODEL, "max_tokens": 64, "stream": true,
        "messages": [{ "role": "user", "content": "How long is a causeway?" }],
    });
    body.to_string()
}
