//! The private Redis: a Unix socket, a password, an append-only file synced every second, and never an eviction
//! (it would drop budgets).

use crate::{
    keeper::Service,
    layout::Layout,
    process::{self, Launch, Process},
    programs, secrets,
    secrets::Secrets,
    user,
};
use anyhow::{Context, Result};
use nix::{sys::signal::Signal, unistd::Pid};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Saves what is not on the disk yet, then ends.
pub(crate) const STOP: Signal = Signal::SIGTERM;

/// A Redis in a directory of ours.
pub(crate) struct Redis {
    program: PathBuf,
    layout: Layout,
    data: PathBuf,
    url: SecretString,
}

impl Redis {
    /// Finds the program and writes its configuration: a password on the command line would be seen by everybody.
    pub(crate) fn prepare(layout: &Layout, secrets: &Secrets, durable: bool) -> Result<Self> {
        let data = data_dir(layout);
        user::make_dir(&data, 0o700, layout.user.as_ref())?;
        let redis = Self {
            program: programs::redis()?,
            layout: layout.clone(),
            url: secrets.redis_url(&layout.sockets.join("redis.sock")),
            data,
        };
        let append_only = if durable { "yes" } else { "no" };
        let configuration = format!(
            "port 0\nunixsocket {socket}\nunixsocketperm 700\nrequirepass {password}\ndir {data}\n\
             pidfile {pid}\ndaemonize no\nlogfile \"\"\nsave \"\"\nappendonly {append_only}\n\
             appendfsync everysec\nmaxmemory-policy noeviction\n",
            socket = quoted(&layout.sockets.join("redis.sock")),
            password = secrets.redis.expose_secret(),
            data = quoted(&redis.data),
            pid = quoted(&pid_file(layout)),
        );
        secrets::write_private(&redis.configuration(), &configuration)?;
        user::give(&redis.configuration(), layout.user.as_ref())?;
        Ok(redis)
    }

    fn configuration(&self) -> PathBuf {
        self.data.join("redis.conf")
    }
}

impl Service for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn spawn(&self) -> Result<Process> {
        Launch {
            program: &self.program,
            arguments: vec![self.configuration().display().to_string()],
            directory: &self.data,
            log: &self.layout.log("redis"),
            user: self.layout.user.as_ref(),
        }
        .spawn()
    }

    fn survivor(&self) -> Option<Pid> {
        survivor(&self.layout)
    }

    async fn answers(&self) -> Result<()> {
        let client = ::redis::Client::open(self.url.expose_secret()).context("the address of Redis")?;
        let ask = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            let () = ::redis::cmd("PING").query_async(&mut connection).await?;
            Ok::<_, ::redis::RedisError>(())
        };
        // An error while the append-only file is loaded counts as no answer.
        Ok(tokio::time::timeout(Duration::from_secs(5), ask).await??)
    }

    fn stop_signal(&self) -> Signal {
        STOP
    }

    fn last_words(&self) -> String {
        process::log_tail(&self.layout.log("redis"))
    }
}

/// A Redis of this installation that is running already.
pub(crate) fn survivor(layout: &Layout) -> Option<Pid> {
    let pid = fs::read_to_string(pid_file(layout)).ok()?.trim().parse().ok()?;
    // Redis writes its own title: `redis-server unixsocket:<path>`.
    process::survivor(pid, &layout.sockets.display().to_string())
}

fn pid_file(layout: &Layout) -> PathBuf {
    data_dir(layout).join("redis.pid")
}

fn data_dir(layout: &Layout) -> PathBuf {
    layout.state.join("redis")
}

fn quoted(path: &Path) -> String {
    let path = path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{path}\"")
}
