//! A process that we started, or that a killed predecessor of ours left behind.

use crate::user::Unprivileged;
use anyhow::{Context, Result};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};

/// A running process.
pub(crate) enum Process {
    /// Started by us: the kernel tells us when it ends.
    Ours(Child),
    /// Found running: somebody else is its parent, so we look from time to time.
    Adopted(Pid),
}

/// How to start a program.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) user: Option<&'a Unprivileged>,
}

impl Launch<'_> {
    /// The command. It gets a process group of its own, so that Ctrl-C reaches us only and we stop things in order;
    /// and an environment of its own, so that PG* variables and secrets of ours do not reach it.
    pub(crate) fn command(&self) -> Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log)
            .with_context(|| format!("opening {}", self.log.display()))?;
        let mut command = Command::new(self.program);
        command
            .args(&self.arguments)
            .current_dir(self.directory)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(user) = self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        Ok(command)
    }

    /// Starts it.
    pub(crate) fn spawn(&self) -> Result<Process> {
        let child =
            self.command()?.spawn().with_context(|| format!("starting {}", self.program.display()))?;
        Ok(Process::Ours(child))
    }
}

impl Process {
    /// Its id, unless it has ended.
    pub(crate) fn pid(&self) -> Option<Pid> {
        match self {
            Self::Ours(child) => child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw),
            Self::Adopted(pid) => Some(*pid),
        }
    }

    /// Waits for its end, and says how it ended as far as that is known.
    pub(crate) async fn gone(&mut self) -> String {
        match self {
            Self::Ours(child) => match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            },
            Self::Adopted(pid) => {
                while is_running(*pid) {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                "ended".to_owned()
            }
        }
    }

    /// Asks it to end, and after `patience` ends it.
    pub(crate) async fn stop(&mut self, how: Signal, patience: Duration) {
        let Some(pid) = self.pid() else { return };
        // An error means that it is gone already.
        let _ = kill(pid, how);
        if tokio::time::timeout(patience, self.gone()).await.is_err() {
            tracing::warn!(%pid, "did not stop in {patience:?}; killing it");
            let _ = killpg(pid, Signal::SIGKILL).or_else(|_| kill(pid, Signal::SIGKILL));
            let _ = tokio::time::timeout(Duration::from_secs(5), self.gone()).await;
        }
    }
}

/// Whether a process runs; a zombie that nobody has waited for does not.
pub(crate) fn is_running(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH) && !is_zombie(pid.as_raw())
}

/// Whether a process has ended and nobody has waited for it.
pub(crate) fn is_zombie(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the command, which is in parentheses and may contain any of them.
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// The process of a pid file, if it runs and its command line mentions `mark`: pids are used again after a restart
/// of the machine, and a stranger must not be taken for a child.
pub(crate) fn survivor(pid: i32, mark: &str) -> Option<Pid> {
    let pid = Pid::from_raw(pid);
    (pid.as_raw() > 1 && is_running(pid) && command_line(pid)?.contains(mark)).then_some(pid)
}

fn command_line(pid: Pid) -> Option<String> {
    let linux = PathBuf::from(format!("/proc/{pid}/cmdline"));
    if let Ok(bytes) = std::fs::read(linux) {
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let ps =
        std::process::Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    ps.status.success().then(|| String::from_utf8_lossy(&ps.stdout).into_owned())
}

/// The last lines of a log, for an error that a person should not have to look up.
pub(crate) fn log_tail(path: &Path) -> String {
    let text = std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stranger_with_a_reused_pid_is_not_a_survivor() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert_eq!(survivor(me, "no such mark in my command line"), None);
        assert_eq!(survivor(1, ""), None);
        assert!(survivor(me, "causeway").is_some());
    }

    #[tokio::test]
    async fn process_that_ignores_the_signal_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let launch = Launch {
            program: Path::new("/bin/sh"),
            arguments: vec!["-c".into(), "trap '' TERM; while :; do sleep 0.05; done".into()],
            directory: directory.path(),
            log: &directory.path().join("log"),
            user: None,
        };
        let mut process = launch.spawn().unwrap();
        let pid = process.pid().unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        process.stop(Signal::SIGTERM, Duration::from_millis(200)).await;
        assert!(!is_running(pid));
    }
}
