//! Causeway as it is run in production, with tenants whose accounts are the simulator, in pools. What differs is how much of
//! a tenant is limited: the key alone, its account too, or the member and the organisation as well. Everything is set up
//! through the admin API, as a person would.

use anyhow::{Context, Result};
use causeway_rig::{
    causeway::{Admin, call, random_key, setup_token, text},
    process::{self, Running},
};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, Row};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// A server that answers, and a key for it.
pub(crate) struct Causeway {
    pub(crate) running: Running,
    /// One for each of [`SCOPES`].
    pub(crate) keys: [Key; 3],
    database: String,
}

/// How many scopes of a request are limited, for each of the tenants.
pub(crate) const SCOPES: [u8; 3] = [1, 2, 4];
/// Accounts of each tenant's pool.
const ACCOUNTS: usize = 4;

/// A key of one of the tenants.
pub(crate) struct Key {
    /// What clients present.
    pub(crate) secret: String,
    /// By which its usage is found.
    id: String,
}

/// What the ledger says of the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Ledger {
    pub(crate) rows: u64,
    pub(crate) completed: u64,
    /// Written from a guess because the instance died.
    pub(crate) guessed: u64,
}

/// Starts the server with one worker thread and prepares a tenant. `DATABASE_URL` and `REDIS_URL` reach it as they
/// reached us.
pub(crate) fn start(
    program: &Path,
    port: u16,
    upstream: u16,
    cores: Option<&str>,
    database: &str,
    logs: &Path,
) -> Result<Causeway> {
    let address = format!("127.0.0.1:{port}");
    let (url, port, metrics) =
        (format!("http://{address}"), port.to_string(), format!("127.0.0.1:{}", port + 1));
    let settings = [
        ("LISTEN", "127.0.0.1"),
        ("PORT", &port),
        ("METRICS_LISTEN", &metrics),
        ("PUBLIC_URL", &url),
        ("CAUSEWAY_SECRET_KEY", &random_key()?),
        ("UPSTREAM_ALLOW_PRIVATE", "127.0.0.1/32"),
        ("TOKIO_WORKER_THREADS", "1"),
        ("LOG_LEVEL", "info"),
    ];
    let log = logs.join("causeway.log");
    let mut running = process::start(program, &["serve"], &settings, cores, &log)?;
    running.wait_for(&log, || call(&address, "GET", "/ready", &[], None).ok())?;
    let token = running.wait_for(&log, || setup_token(&log))?;
    let keys = tenants(&address, &token, upstream).context("preparing tenants")?;
    Ok(Causeway { running, keys, database: database.to_owned() })
}

fn tenants(address: &str, token: &str, upstream: u16) -> Result<[Key; 3]> {
    let first = Admin::set_up(address, token, "Benchmark")?;
    let [one, two, four] = SCOPES;
    Ok([
        tenant(&first, upstream, one)?,
        tenant(&first.another("Two scopes")?, upstream, two)?,
        tenant(&first.another("Four scopes")?, upstream, four)?,
    ])
}

/// A pool of accounts and a key for it. Limits are of every kind: requests and tokens a minute, requests at once, and
/// dollars in two windows.
fn tenant(admin: &Admin, upstream: u16, scopes: u8) -> Result<Key> {
    let limits = json!({
        "requests_per_minute": 100_000_000, "tokens_per_minute": 1_000_000_000_000_u64, "concurrency": 100_000,
        "usd": { "day": "1000000", "total": "1000000" },
    });
    let of_account = if scopes >= 2 { limits.clone() } else { json!({}) };
    let accounts: Vec<String> = (1..=ACCOUNTS)
        .map(|n| {
            let url = format!("http://127.0.0.1:{upstream}");
            admin.account(&format!("Simulator {n}"), &url, "sk-sim-causeway", &of_account)
        })
        .collect::<Result<_>>()?;
    let pool = json!({ "name": "Everything", "strategy": "round_robin", "account_ids": accounts });
    let pool = text(&admin.call("POST", "pools", &pool)?, "id")?;
    if scopes >= 4 {
        admin.limit_owner(&limits)?;
        admin.call("PATCH", "organization", &json!({ "limits": limits }))?;
    }
    let models = json!({ "allow": ["claude-*"], "deny": ["claude-opus-3*"] });
    let (secret, id) = admin.key("Benchmark", &limits, &models)?;
    admin.call("PATCH", &format!("keys/{id}"), &json!({ "pool_ids": [pool] }))?;
    Ok(Key { secret, id })
}

impl Causeway {
    /// Reads the ledger until it holds so many rows or nothing has come for a while.
    pub(crate) async fn ledger(&self, expected: u64) -> Result<Ledger> {
        let mut connection = PgConnection::connect(&self.database).await.context("reading the ledger")?;
        connection.execute("set role causeway_jobs").await?;
        let mut ledger = Ledger::default();
        let mut changed = Instant::now();
        while ledger.rows < expected && changed.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = self.count(&mut connection).await?;
            if now != ledger {
                (ledger, changed) = (now, Instant::now());
            }
        }
        Ok(ledger)
    }

    async fn count(&self, connection: &mut PgConnection) -> Result<Ledger> {
        let row = sqlx::query(
            "select count(*), count(*) filter (where outcome = 'completed' and status = 200),
               count(*) filter (where estimated) from usage where key_id::text = any($1)",
        )
        .bind(self.keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
        let at = |i: usize| row.try_get::<i64, _>(i).map(|n| u64::try_from(n).unwrap_or(0));
        Ok(Ledger { rows: at(0)?, completed: at(1)?, guessed: at(2)? })
    }
}
