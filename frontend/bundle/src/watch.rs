//! `--watch`: looks at modification times and rebuilds. Polling, because it works the same on every file
//! system (containers, network mounts) and a few hundred files cost next to nothing to look at.

use std::{
    fs, thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;

use crate::{Options, build, inputs};

const PERIOD: Duration = Duration::from_millis(400);

/// Builds now and after every change, until it is stopped. A failed build is reported and waited out.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut seen = None;
    loop {
        let newest = newest_input(options)?;
        if seen != Some(newest) {
            seen = Some(newest);
            let started = Instant::now();
            match build(options) {
                Ok(()) => eprintln!("bundle: ready after {:.1} s", started.elapsed().as_secs_f32()),
                Err(error) => eprintln!("bundle: {error:#}"),
            }
        }
        thread::sleep(PERIOD);
    }
}

/// Time of the newest input and the number of files, so that a deletion counts as a change too.
fn newest_input(options: &Options) -> Result<(SystemTime, usize)> {
    let mut newest = (SystemTime::UNIX_EPOCH, 0);
    for name in ["frontend/src", "frontend/assets", "frontend/styles", "frontend/locales", "openapi/src"] {
        for file in inputs::files_below(&options.root.join(name))? {
            // A file that an editor has just replaced may be gone again: the next round sees the new one.
            if let Ok(modified) = fs::metadata(&file).and_then(|data| data.modified()) {
                newest = (newest.0.max(modified), newest.1 + 1);
            }
        }
    }
    Ok(newest)
}
