//! Private Postgres and Redis for one machine: found, started, watched, and stopped in order.
//!
//! Used by `causeway up`, by `causeway services`, and by the chaos suite, which also takes them down. Never by
//! `causeway serve`, whose Postgres and Redis are somebody else's.

mod keeper;
mod layout;
mod lock;
mod postgres;
mod process;
mod programs;
mod redis;
pub mod secrets;
mod user;

use anyhow::{Context, Result, ensure};
use keeper::Keeper;
use layout::Layout;
use lock::DirLock;
use nix::sys::signal::Signal;
use postgres::Postgres;
use redis::Redis;
use secrecy::SecretString;
use secrets::Secrets;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A locked data directory, with its services when they have been started.
///
/// Must be stopped with [`Embedded::stop`] whatever happens in between, or the services go on running (the next start
/// finds and adopts them).
pub struct Embedded {
    layout: Layout,
    secrets: Secrets,
    redis: Option<Keeper<Redis>>,
    postgres: Option<Keeper<Postgres>>,
    _lock: DirLock,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Redis.
    Redis,
    /// Postgres.
    Postgres,
}

impl Embedded {
    /// Makes and locks the data directory, and makes its secrets at the first start. Starts nothing.
    pub fn open(data: &Path) -> Result<Self> {
        let data = layout::make_data_dir(data)?;
        let lock = lock::acquire(&data)?;
        let secrets = secrets::load_or_create(&data)?;
        let layout = Layout::prepare(&data, &secrets)?;
        Ok(Self { layout, secrets, redis: None, postgres: None, _lock: lock })
    }

    /// Starts both, or adopts what a killed predecessor left running. `durable` off trades the data for speed (tests).
    pub async fn start(&mut self, durable: bool) -> Result<()> {
        let redis = Arc::new(Redis::prepare(&self.layout, &self.secrets, durable)?);
        let postgres = Arc::new(Postgres::prepare(&self.layout, &self.secrets, durable).await?);
        // Kept before they are waited for, so that `stop` finds them when the wait is cut short.
        let redis = self.redis.insert(Keeper::start(redis).await?);
        let postgres = self.postgres.insert(Keeper::start(Arc::clone(&postgres)).await?);
        tokio::try_join!(redis.ready(), postgres.ready())?;
        postgres.service().ensure_database().await
    }

    /// What was named as data directory, in full.
    pub fn data(&self) -> &Path {
        &self.layout.data
    }

    /// The installation's secrets.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Address of Postgres.
    pub fn database_url(&self) -> SecretString {
        self.secrets.database_url(&self.layout.sockets)
    }

    /// Address of Redis.
    pub fn redis_url(&self) -> SecretString {
        self.secrets.redis_url(&self.layout.sockets.join("redis.sock"))
    }

    /// Ends one of them by a signal and leaves it away until [`Embedded::bring_back`]: for seeing what happens then.
    pub async fn take_down(&self, which: Which, how: Signal) -> Result<()> {
        match which {
            Which::Redis => self.redis()?.take_down(how).await,
            Which::Postgres => self.postgres()?.take_down(how).await,
        }
        Ok(())
    }

    /// Starts it again and waits until it answers.
    pub async fn bring_back(&self, which: Which) -> Result<()> {
        match which {
            Which::Redis => self.redis()?.bring_back().await,
            Which::Postgres => self.postgres()?.bring_back().await,
        }
    }

    fn redis(&self) -> Result<&Keeper<Redis>> {
        self.redis.as_ref().context("Redis has not been started")
    }

    fn postgres(&self) -> Result<&Keeper<Postgres>> {
        self.postgres.as_ref().context("Postgres has not been started")
    }

    /// Stops Redis, then Postgres, and unlocks the directory.
    pub async fn stop(mut self) {
        self.stop_services().await;
    }

    /// Stops everything and removes it.
    pub async fn stop_and_remove(mut self) {
        self.stop_services().await;
        self.layout.remove();
    }

    async fn stop_services(&mut self) {
        if let Some(redis) = self.redis.take() {
            redis.stop().await;
            tracing::info!("Redis has stopped");
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await;
            tracing::info!("Postgres has stopped");
        }
    }
}

/// Address of the Postgres of an installation that is running.
pub fn database_url_of(data: &Path) -> Result<SecretString> {
    let (secrets, sockets) = of(data)?;
    Ok(secrets.database_url(&sockets))
}

/// What an installation keeps secret.
pub fn secrets_of(data: &Path) -> Result<Secrets> {
    Ok(of(data)?.0)
}

/// Address of the Redis of an installation that is running.
pub fn redis_url_of(data: &Path) -> Result<SecretString> {
    let (secrets, sockets) = of(data)?;
    Ok(secrets.redis_url(&sockets.join("redis.sock")))
}

fn of(data: &Path) -> Result<(Secrets, PathBuf)> {
    ensure!(data.join(secrets::FILE).exists(), "{} is not a data directory of `causeway up`", data.display());
    let data = layout::make_data_dir(data)?;
    let secrets = secrets::load_or_create(&data)?;
    let sockets = Layout::prepare(&data, &secrets)?.sockets;
    Ok((secrets, sockets))
}

/// Removes temporary installations whose owner was killed, with the services that they left running.
pub async fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let abandoned: Vec<PathBuf> = entries
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(prefix))
        .map(|e| e.path())
        .filter(|path| path.join(secrets::FILE).exists())
        .collect();
    for data in abandoned {
        // One that is in use is locked, and is none of our business.
        if let Ok(left) = Embedded::open(&data) {
            tracing::info!("removing {}, which a killed run left behind", data.display());
            keeper::end_survivor(redis::survivor(&left.layout), redis::STOP).await;
            keeper::end_survivor(postgres::survivor(&left.layout), postgres::STOP).await;
            left.stop_and_remove().await;
        }
    }
}
