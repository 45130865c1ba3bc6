//! Causeway as it is run in production, with a tenant whose account is the simulator and in which every limit counts: of the
//! key, its holder, the organisation and the account. Everything is set up through the admin API, as a person would.

use anyhow::{Context, Result};
use causeway_rig::{
    causeway::{Admin, call, random_key, setup_token},
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
    /// What clients present.
    pub(crate) key: String,
    /// The key's identifier, by which its usage is found.
    pub(crate) key_id: String,
    database: String,
}

/// What the ledger says of a key.
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
    let (key, key_id) = tenant(&address, &token, upstream).context("preparing a tenant")?;
    Ok(Causeway { running, key, key_id, database: database.to_owned() })
}

/// An organisation, an account and a key that everything is counted and limited for, in all four scopes.
fn tenant(address: &str, token: &str, upstream: u16) -> Result<(String, String)> {
    let admin = Admin::set_up(address, token, "Benchmark")?;
    let limits = json!({
        "requests_per_minute": 100_000_000, "tokens_per_minute": 1_000_000_000_000_u64, "concurrency": 100_000,
        "usd": { "day": "1000000", "total": "1000000" },
    });
    admin.account("Simulator", &format!("http://127.0.0.1:{upstream}"), "sk-sim-causeway", &limits)?;
    admin.limit_owner(&limits)?;
    admin.call("PATCH", "organization", &json!({ "limits": limits }))?;
    admin.key("Benchmark", &limits, &json!({ "allow": ["claude-*"], "deny": ["claude-opus-3*"] }))
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
               count(*) filter (where estimated) from usage where key_id = $1::uuid",
        )
        .bind(&self.key_id)
        .fetch_one(connection)
        .await?;
        let at = |i: usize| row.try_get::<i64, _>(i).map(|n| u64::try_from(n).unwrap_or(0));
        Ok(Ledger { rows: at(0)?, completed: at(1)?, guessed: at(2)? })
    }
}
