//! Redis behind Causeway's back: what is held in it, wiping it, and making it forget its last second.

use crate::world::World;
use ::redis::{Client, aio::MultiplexedConnection, cmd};
use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use std::{fs, path::PathBuf};

async fn connect(world: &World<'_>) -> Result<MultiplexedConnection> {
    let client = Client::open(world.services.redis_url().expose_secret())?;
    client.get_multiplexed_async_connection().await.context("connecting to Redis")
}

/// Holds, open or settled and not yet forgotten. A mark left by a release that came before its reservation (`-` in the
/// place of the instance) reserves nothing and stays for some minutes.
pub(crate) async fn holds(world: &World<'_>) -> Result<usize> {
    let mut connection = connect(world).await?;
    let mut all = 0;
    for shard in 0..64 {
        let key = format!("cw:{{s{shard:02}}}:holds");
        let holds: Vec<Vec<u8>> = cmd("HVALS").arg(key).query_async(&mut connection).await?;
        all += holds.iter().filter(|hold| !hold.starts_with(b"-\n")).count();
    }
    Ok(all)
}

/// Empties it while it runs.
pub(crate) async fn wipe(world: &World<'_>) -> Result<()> {
    let () = cmd("FLUSHALL").query_async(&mut connect(world).await?).await?;
    Ok(())
}

/// How far the append-only file had come at a moment. A power failure loses what was not synced: up to a second.
pub(crate) struct Moment(Vec<(PathBuf, u64)>);

impl Moment {
    /// Now.
    pub(crate) async fn now(world: &World<'_>) -> Result<Self> {
        let mut connection = connect(world).await?;
        let mut path = PathBuf::new();
        for name in ["dir", "appenddirname"] {
            let setting: Vec<String> =
                cmd("CONFIG").arg("GET").arg(name).query_async(&mut connection).await?;
            path.push(setting.get(1).with_context(|| format!("Redis has no {name}"))?);
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(".incr.aof") {
                files.push((entry.path(), entry.metadata()?.len()));
            }
        }
        Ok(Self(files))
    }

    /// Cuts off what was appended since. Redis must not be running.
    pub(crate) fn restore(self) -> Result<()> {
        for (path, length) in self.0 {
            let file =
                fs::File::options().write(true).open(&path).with_context(|| path.display().to_string())?;
            file.set_len(length)?;
        }
        Ok(())
    }
}
