//! Ends the process when one input takes too long, and says where that input is.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// So long one input may take on a machine that does other things as well. The slowest that are known take a hundredth of it.
const LONGEST: Duration = Duration::from_secs(90);

/// When the input that is in work was begun, in milliseconds since the first; zero while there is none.
static BEGUN: AtomicU64 = AtomicU64::new(0);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Where the input that is in work is written, in case that it takes the process with it.
pub(crate) struct Watchdog {
    path: PathBuf,
    file: Mutex<File>,
}

impl Watchdog {
    pub(crate) fn new(family: &str) -> Self {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{family}.in-work.{}", std::process::id()));
        let file = Mutex::new(File::create(&path).unwrap());
        let shown = path.display().to_string();
        let family = family.to_owned();
        LazyLock::force(&START);
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                let begun = BEGUN.load(Ordering::Relaxed);
                if begun > 0 && now() - begun > u64::try_from(LONGEST.as_millis()).unwrap_or(u64::MAX) {
                    eprintln!("{family}: an input has taken more than {LONGEST:?}; it is in {shown}");
                    std::process::exit(101);
                }
            }
        });
        Self { path, file }
    }

    /// Notes what is in work while `run` runs.
    pub(crate) fn watch<T>(&self, input: &[u8], run: impl FnOnce() -> T) -> T {
        if let Ok(mut file) = self.file.lock() {
            file.rewind().and_then(|()| file.write_all(input)).unwrap();
            file.set_len(input.len() as u64).unwrap();
        }
        BEGUN.store(now(), Ordering::Relaxed);
        let made = run();
        BEGUN.store(0, Ordering::Relaxed);
        made
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn now() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX) + 1
}

/// Where inputs are written.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz")
}
