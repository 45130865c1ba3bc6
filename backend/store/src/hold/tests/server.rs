//! A Redis of a test's own: to be wiped, killed, restarted, or run in cluster mode without disturbing anybody.

use super::*;
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A running redis-server in a directory of its own. Killed when dropped.
pub(super) struct Server {
    directory: TempDir,
    /// Only a node of a cluster has one; all others are spoken to by a socket in the directory, which nobody else can
    /// take.
    port: u16,
    options: &'static [&'static str],
    child: Child,
}

const SOCKET: &str = "redis.sock";
const AOF: &str = "appendonlydir";

/// Everything is gone when it ends.
pub(super) const PLAIN: &[&str] = &["--appendonly", "no"];
/// As in production.
pub(super) const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "everysec"];
/// One node that has all slots: scripts may touch only keys of one slot, and only of slots that the node has.
pub(super) const CLUSTER: &[&str] = &["--appendonly", "no", "--cluster-enabled", "yes"];

impl Server {
    pub(super) async fn start(options: &'static [&'static str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = if options == CLUSTER { free_port() } else { 0 };
        let child = spawn(&directory, port, options);
        let mut server = Self { directory, port, options, child };
        server.answers().await;
        if options == CLUSTER {
            let mut connection = server.connection().await;
            let mut call = redis::cmd("CLUSTER");
            let () = call.arg("ADDSLOTSRANGE").arg(0).arg(16_383).query_async(&mut connection).await.unwrap();
            let until = Instant::now() + Duration::from_secs(10);
            while !info(&mut connection).await.contains("cluster_state:ok") {
                assert!(Instant::now() < until, "the cluster did not come up");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        server
    }

    fn url(&self) -> String {
        match self.port {
            0 => format!("redis+unix://{}", self.directory.path().join(SOCKET).display()),
            port => format!("redis://127.0.0.1:{port}"),
        }
    }

    /// The product's own connection to it.
    pub(super) async fn cache(&self) -> Cache {
        Cache::connect(&self.url().into()).await.unwrap()
    }

    /// A connection that is nobody else's.
    pub(super) async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// One that is told of every command.
    pub(super) async fn monitor(&self) -> redis::aio::Monitor {
        redis::Client::open(self.url()).unwrap().get_async_monitor().await.unwrap()
    }

    /// SIGKILL: nothing is saved that is not saved by then.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on what it has left behind.
    pub(super) async fn restart(&mut self) {
        self.child = spawn(&self.directory, self.port, self.options);
        self.answers().await;
    }

    /// What is on the disk at this moment.
    pub(super) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_all(&self.directory.path().join(AOF), copy.path());
        copy
    }

    /// Kills it and starts it on what was on the disk some time ago: all that came after is lost.
    pub(super) async fn set_back(&mut self, to: &TempDir) {
        self.kill();
        let data = self.directory.path().join(AOF);
        fs::remove_dir_all(&data).unwrap();
        fs::create_dir(&data).unwrap();
        copy_all(to.path(), &data);
        self.restart().await;
    }

    async fn answers(&mut self) {
        let client = redis::Client::open(self.url()).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let ping = async {
                let mut connection = client.get_multiplexed_async_connection().await?;
                redis::cmd("PING").query_async::<()>(&mut connection).await
            };
            assert!(self.child.try_wait().unwrap().is_none(), "redis-server has ended");
            match ping.await {
                Ok(()) => return,
                Err(error) => assert!(Instant::now() < until, "redis-server does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn info(connection: &mut redis::aio::MultiplexedConnection) -> String {
    redis::cmd("CLUSTER").arg("INFO").query_async(connection).await.unwrap()
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(directory: &TempDir, port: u16, options: &[&str]) -> Child {
    // The bus of a cluster of one is spoken to by nobody; it would be the port plus 10,000, which may not exist.
    let bus = free_port();
    let start = |program: &str| {
        Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"])
            .args(["--cluster-port", &bus.to_string(), "--maxmemory-policy", "noeviction"])
            .args(["--unixsocket", SOCKET])
            .args(options)
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    start("redis-server")
        .or_else(|_| start("valkey-server"))
        .expect("redis-server, as `make test` installs it")
}

impl Fixture {
    /// On a Redis of the test's own.
    pub(super) async fn on(server: &Server) -> Self {
        Self::with(server.cache().await).await
    }
}
