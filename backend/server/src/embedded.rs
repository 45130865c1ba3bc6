//! Private Postgres and Redis for one machine: found, started, watched, and stopped in order.
//!
//! Nothing here is used by `causeway serve`, whose Postgres and Redis are somebody else's.

mod keeper;
mod layout;
mod lock;
mod postgres;
mod process;
mod programs;
mod redis;
pub(crate) mod secrets;
mod user;

use self::redis::Redis;
use anyhow::{Result, ensure};
use keeper::Keeper;
use layout::Layout;
use lock::DirLock;
use postgres::Postgres;
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
pub(crate) struct Embedded {
    layout: Layout,
    secrets: Secrets,
    redis: Option<Keeper<Redis>>,
    postgres: Option<Keeper<Postgres>>,
    _lock: DirLock,
}

impl Embedded {
    /// Makes and locks the data directory, and makes its secrets at the first start. Starts nothing.
    pub(crate) fn open(data: &Path) -> Result<Self> {
        let data = layout::make_data_dir(data)?;
        let lock = lock::acquire(&data)?;
        let secrets = secrets::load_or_create(&data)?;
        let layout = Layout::prepare(&data, &secrets)?;
        Ok(Self { layout, secrets, redis: None, postgres: None, _lock: lock })
    }

    /// Starts both, or adopts what a killed predecessor left running. `durable` off trades the data for speed (tests).
    pub(crate) async fn start(&mut self, durable: bool) -> Result<()> {
        let redis = Arc::new(Redis::prepare(&self.layout, &self.secrets, durable)?);
        let postgres = Arc::new(Postgres::prepare(&self.layout, &self.secrets, durable).await?);
        // Kept before they are waited for, so that `stop` finds them when the wait is cut short.
        let redis = self.redis.insert(Keeper::start(redis).await?);
        let postgres = self.postgres.insert(Keeper::start(Arc::clone(&postgres)).await?);
        tokio::try_join!(redis.ready(), postgres.ready())?;
        postgres.service().ensure_database().await
    }

    /// What was named as data directory, in full.
    pub(crate) fn data(&self) -> &Path {
        &self.layout.data
    }

    /// The installation's secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Address of Postgres.
    pub(crate) fn database_url(&self) -> SecretString {
        self.secrets.database_url(&self.layout.sockets)
    }

    /// Address of Redis.
    pub(crate) fn redis_url(&self) -> SecretString {
        self.secrets.redis_url(&self.layout.sockets.join("redis.sock"))
    }

    /// Stops Redis, then Postgres, and unlocks the directory.
    pub(crate) async fn stop(mut self) {
        self.stop_services().await;
    }

    /// Stops everything and removes it.
    pub(crate) async fn stop_and_remove(mut self) {
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
pub(crate) fn database_url_of(data: &Path) -> Result<SecretString> {
    ensure!(data.join(secrets::FILE).exists(), "{} is not a data directory of `causeway up`", data.display());
    let data = layout::make_data_dir(data)?;
    let secrets = secrets::load_or_create(&data)?;
    let layout = Layout::prepare(&data, &secrets)?;
    Ok(secrets.database_url(&layout.sockets))
}

/// Removes temporary installations whose owner was killed, with the services that they left running.
pub(crate) async fn sweep(parent: &Path, prefix: &str) {
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
