//! A Redis of a test's own: to be stopped, killed, restarted and listened to without disturbing anybody.

use causeway_store::hold;
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use uuid::Uuid;

/// A running redis-server that keeps every write. Killed when dropped.
pub(crate) struct Server {
    directory: PathBuf,
    child: Child,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("redis-{}", Uuid::now_v7().simple()));
        std::fs::create_dir(&directory).unwrap();
        let child = spawn(&directory);
        let server = Self { directory, child };
        server.answers().await;
        server
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("redis.sock")
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again with what it had.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.directory);
        self.answers().await;
    }

    /// SIGSTOP, or SIGCONT: it takes commands and answers none until then.
    pub(crate) fn pause(&self, so: bool) {
        let signal = if so { "-STOP" } else { "-CONT" };
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    async fn answers(&self) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.ask("PING").await != "+PONG\r\n" {
            assert!(Instant::now() < until, "this Redis does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The answer to a command, as it comes; empty when there is none.
    async fn ask(&self, command: &str) -> String {
        let Ok(mut stream) = UnixStream::connect(self.socket()).await else { return String::new() };
        let mut answer = vec![0; 1024];
        if stream.write_all(format!("{command}\r\n").as_bytes()).await.is_err() {
            return String::new();
        }
        let length = stream.read(&mut answer).await.unwrap_or(0);
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// How many stand in line for a scope.
    pub(crate) async fn in_line(&self, org: causeway_domain::OrgId, scope: hold::ScopeId) -> i64 {
        let hold::ScopeId::Key(key) = scope else { panic!("of keys only") };
        let (shard, org, key) = (org.shard(), org.0.simple(), key.0.simple());
        let answer = self.ask(&format!("ZCARD cw:{{s{shard:02}}}:{org}:k:{key}:w")).await;
        answer.trim().trim_start_matches(':').parse().unwrap()
    }

    /// Is told of every command from now on.
    pub(crate) async fn listen(&self) -> Listener {
        let mut stream = UnixStream::connect(self.socket()).await.unwrap();
        stream.write_all(b"MONITOR\r\n").await.unwrap();
        let mut ok = [0; 5];
        stream.read_exact(&mut ok).await.unwrap();
        Listener(stream)
    }
}

/// Hears commands.
pub(crate) struct Listener(UnixStream);

impl Listener {
    /// Everything until now.
    pub(crate) async fn heard(mut self) -> Vec<String> {
        let mut text = Vec::new();
        let read = async {
            let mut some = vec![0; 65_536];
            loop {
                let length = self.0.read(&mut some).await.unwrap();
                text.extend_from_slice(&some[..length]);
            }
        };
        let _: Result<(), _> = tokio::time::timeout(Duration::from_millis(300), read).await;
        String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
    }
}

fn spawn(directory: &PathBuf) -> Child {
    let options = ["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "yes"];
    let mut command = Command::new("redis-server");
    command.args(options).args(["--appendfsync", "always", "--maxmemory-policy", "noeviction"]);
    command.current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
