//! Processes: started on their core, watched for their CPU time, ended.

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::HashMap,
    fs::{self, File},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// A process that ends with this.
pub(crate) struct Running {
    child: Child,
    name: String,
}

/// Starts a program, on some cores when they are named; what it says goes to a file.
pub(crate) fn start(
    program: &Path,
    arguments: &[&str],
    settings: &[(&str, &str)],
    cores: Option<&str>,
    log: &Path,
) -> Result<Running> {
    let name = program.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut command = match cores {
        Some(cores) => {
            let mut command = Command::new("taskset");
            command.args(["-c", cores]).arg(program);
            command
        }
        None => Command::new(program),
    };
    let out = File::create(log).with_context(|| log.display().to_string())?;
    let child = command
        .args(arguments)
        .envs(settings.iter().copied())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok(Running { child, name })
}

impl Running {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tries until it works, while the process lives.
    pub(crate) fn wait_for<T>(&mut self, log: &Path, mut attempt: impl FnMut() -> Option<T>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(value) = attempt() {
                return Ok(value);
            }
            let gone = self.child.try_wait()?.is_some();
            if gone || begun.elapsed() > Duration::from_secs(60) {
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!(
                    "{} {}. It said:\n{said}",
                    self.name,
                    if gone { "has ended" } else { "does not answer" }
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(id) = i32::try_from(self.child.id()) else { return };
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > Duration::from_secs(15) {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Confines a process that runs already, with all its threads.
pub(crate) fn confine(id: u32, cores: &str) {
    let _ = Command::new("taskset").args(["-a", "-c", "-p", cores, &id.to_string()]).output();
}

/// CPU time of processes so far, all threads. The scheduler's own count, in nanoseconds; `getrusage` counts ticks.
pub(crate) fn cpu(ids: &[u32]) -> Duration {
    let nanos = ids.iter().flat_map(|id| {
        let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        tasks.filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        })
    });
    Duration::from_nanos(nanos.sum())
}

/// Largest amount of memory a process had so far, in KiB.
pub(crate) fn peak_memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A process and everything below it whose name begins so.
pub(crate) fn descendants(root: u32, name: &str) -> Vec<u32> {
    let mut parents = HashMap::new();
    let mut named = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        // "id (name) state parent …", and a name may contain anything.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((before, after)) = stat.rsplit_once(')') else { continue };
        let Some(parent) = after.split_whitespace().nth(1).and_then(|p| p.parse::<u32>().ok()) else {
            continue;
        };
        parents.insert(id, parent);
        if before.split_once('(').is_some_and(|(_, is)| is.starts_with(name)) {
            named.push(id);
        }
    }
    named.retain(|id| {
        let mut up = *id;
        while up != root {
            match parents.get(&up) {
                Some(parent) => up = *parent,
                None => return false,
            }
        }
        true
    });
    named
}
