//! `causeway up` as a person meets it: the real binary, in a data directory of its own, started, killed and stopped.
//!
//! Needs the programs of Postgres and Redis, and nothing that runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A data directory that takes its services with it.
struct Installation {
    data: TempDir,
    port: u16,
}

struct Server {
    child: Child,
    ready_line: String,
}

impl Installation {
    fn new() -> Self {
        // Free again at once; a stranger could take it, but nobody does within a test.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { data: tempfile::tempdir().unwrap(), port }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        command
            .args(["up", "--data"])
            .arg(self.data.path())
            .args(["--port", &self.port.to_string(), "--metrics-listen", "127.0.0.1:0"])
            .env_remove("DEMO");
        command
    }

    /// Starts, and waits for the line that says so.
    fn start(&self) -> Server {
        let mut child = self.command().stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let Some(ready_line) = lines.find(|l| l.starts_with("Causeway is ready at ")) else {
            panic!("ended before it was ready: {:?}", child.wait());
        };
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, ready_line }
    }

    /// What it says when it does not start.
    fn refusal(&self) -> String {
        let output = self.command().output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn state(&self) -> PathBuf {
        if Uid::effective().is_root() {
            Path::new("/var/lib/causeway").join(self.secret("CAUSEWAY_INSTANCE"))
        } else {
            self.data.path().join("services")
        }
    }

    fn secret(&self, name: &str) -> String {
        let text = fs::read_to_string(self.data.path().join("secrets.env")).unwrap();
        text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned()
    }

    /// Postgres and Redis, by their pid files.
    fn pids(&self) -> [Pid; 2] {
        ["postgres/postmaster.pid", "redis/redis.pid"].map(|file| {
            let text = fs::read_to_string(self.state().join(file)).unwrap();
            Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
        })
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        stream.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200 ")
    }

    fn until(&self, ready: bool) {
        let begun = Instant::now();
        while self.is_ready() != ready {
            assert!(begun.elapsed() < Duration::from_secs(30), "ready is not {ready}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if !self.data.path().join("secrets.env").exists() {
            return;
        }
        let state = self.state();
        if state.join("postgres/postmaster.pid").exists() {
            for (pid, signal) in self.pids().into_iter().zip([Signal::SIGQUIT, Signal::SIGTERM]) {
                let _ = kill(pid, signal);
            }
        }
        let _ = fs::remove_dir_all(state);
    }
}

impl Server {
    /// Asks it to stop, and waits for it.
    fn stop(mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// As when the machine runs out of memory.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Which of them run. One that is dead and that nobody has waited for (whose parent was killed, in a container without
/// an init) does not.
fn run(pids: [Pid; 2]) -> [bool; 2] {
    pids.map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        kill(pid, None).is_ok() && !stat.contains(") Z ")
    })
}

#[test]
fn it_is_ready_when_it_says_so_and_stopping_takes_everything_along() {
    let installation = Installation::new();
    let server = installation.start();
    assert!(installation.is_ready());
    assert!(server.ready_line.contains("only this machine; set LISTEN"), "{}", server.ready_line);
    let pids = installation.pids();
    assert_eq!(run(pids), [true, true]);
    server.stop();
    assert_eq!(run(pids), [false, false]);
}

#[test]
fn second_start_is_refused_and_says_who_has_the_directory() {
    let installation = Installation::new();
    let server = installation.start();
    let said = installation.refusal();
    assert!(said.contains("in use by another Causeway"), "{said}");
    assert!(said.contains(&format!("process {}", server.child.id())), "{said}");
    server.stop();
}

#[test]
fn port_that_is_taken_is_named_and_nothing_is_started() {
    let installation = Installation::new();
    let _stranger = TcpListener::bind(("127.0.0.1", installation.port)).unwrap();
    let said = installation.refusal();
    assert!(said.contains(&format!("port {} on 127.0.0.1 is in use", installation.port)), "{said}");
    assert!(!installation.state().join("postgres").exists());
}

#[test]
fn services_that_survive_a_kill_are_adopted_and_secrets_stay() {
    let installation = Installation::new();
    installation.start().kill();
    let (pids, key) = (installation.pids(), installation.secret("CAUSEWAY_SECRET_KEY"));
    assert_eq!(run(pids), [true, true]);

    let server = installation.start();
    assert_eq!(installation.pids(), pids);
    assert!(installation.is_ready());
    server.stop();
    assert_eq!(run(pids), [false, false]);
    assert_eq!(installation.secret("CAUSEWAY_SECRET_KEY"), key);
}

#[test]
fn services_that_die_are_started_again_and_ready_tells_of_it_in_between() {
    let installation = Installation::new();
    let server = installation.start();
    let before = installation.pids();
    for pid in before {
        kill(pid, Signal::SIGKILL).unwrap();
    }
    installation.until(false);
    installation.until(true);
    let after = installation.pids();
    assert!(before[0] != after[0] && before[1] != after[1]);
    server.stop();
    assert_eq!(run(after), [false, false]);
}

#[test]
fn settings_that_the_production_form_lacks_are_all_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_causeway")).arg("serve").env_clear().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    for name in ["DATABASE_URL", "REDIS_URL", "CAUSEWAY_SECRET_KEY", "PUBLIC_URL"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(!output.status.success());
}

#[test]
fn command_finds_its_services_and_its_status_is_ours() {
    let check = "case $DATABASE_URL in postgres://causeway:*) ;; *) exit 1 ;; esac; test -n \"$REDIS_URL\" && exit 42";
    let status = Command::new(env!("CARGO_BIN_EXE_causeway"))
        .args(["services", "--", "sh", "-c", check])
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(42));
}
