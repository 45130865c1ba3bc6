//! Processes: started, waited for, ended.

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

/// A process that ends with this.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
}

/// Starts a program, on some cores when they are named; what it says goes to a file.
pub fn start(
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

/// Ports of the loopback address that are free now. Another program may take one before it is used; the start that
/// fails then says so.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    // All at once, so that no port is given out twice.
    let taken = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<Vec<_>, _>>()?;
    Ok(taken.iter().map(|l| Ok(l.local_addr()?.port())).collect::<std::io::Result<_>>()?)
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tries until it works, while the process lives.
    pub fn wait_for<T>(&mut self, log: &Path, mut attempt: impl FnMut() -> Option<T>) -> Result<T> {
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

    /// Ends it as a power failure would.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has been waited for is gone, and its number may be somebody else's.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
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
