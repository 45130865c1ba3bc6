//! Where prices come from: the table that the product ships, or an operator's file, which is read again when it changes.

use anyhow::{Context, Result};
use causeway_domain::price::{PriceBook, PriceTable, table};
use chrono::Utc;
use metrics::gauge;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Prices of models.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PriceArgs {
    /// A price table of your own instead of the one that comes with Causeway, in the same form (`causeway prices
    /// validate` checks it, `causeway prices check` says what it would have meant for a month). It is read again when
    /// it changes; one that cannot be used leaves the last good one in use.
    #[arg(long, env = "PRICES_FILE")]
    pub(crate) prices_file: Option<PathBuf>,
}

impl PriceArgs {
    /// The table to start with.
    pub(crate) fn load(&self) -> Result<Prices> {
        let Some(path) = self.prices_file.as_ref().filter(|p| !p.as_os_str().is_empty()) else {
            let table = PriceTable::parse(table::SHIPPED).context("reading the price table")?;
            return Ok(Prices { book: Arc::new(PriceBook::shipped(table)), watched: None });
        };
        let seen = Seen::of(path);
        let table = read(path).context("PRICES_FILE")?;
        let book = PriceBook::of_file(table, &path.to_string_lossy(), Utc::now());
        Ok(Prices { book: Arc::new(book), watched: Some((path.clone(), seen)) })
    }
}

/// Reads a table; problems name the file.
pub(crate) fn read(path: &Path) -> Result<PriceTable> {
    let json = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    PriceTable::parse(&json).with_context(|| path.display().to_string())
}

/// The prices of this instance.
pub(crate) struct Prices {
    pub(crate) book: Arc<PriceBook>,
    watched: Option<(PathBuf, Seen)>,
}

/// What a file looked like from outside. Another inode is another file, though the rest may be the same: that is how
/// mounted configuration is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen(Option<(SystemTime, u64, u64)>);

impl Seen {
    fn of(path: &Path) -> Self {
        let look = || {
            let about = fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len(), about.ino()))
        };
        Self(look())
    }
}

impl Prices {
    /// Looks after the file until stopped.
    pub(crate) async fn watch(mut self, stop: CancellationToken) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.watched.is_some() {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            // A file on a mount that hangs must not hold up a thread that serves.
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(prices) => self = prices,
                Err(error) => return tracing::error!("the price file is no longer looked after: {error}"),
            }
        }
    }

    /// Reads the file again if it has changed since it was last looked at.
    fn look(&mut self) {
        let Some((path, last)) = &mut self.watched else { return };
        let seen = Seen::of(path);
        if seen == *last {
            return;
        }
        *last = seen;
        match read(path) {
            Ok(table) => {
                let (version, models) = (table.version.clone().unwrap_or_default(), table.iter().count());
                tracing::info!(file = %path.display(), version, models, "a new price table is in use");
                self.book.replace(table, Utc::now());
                gauge!("causeway_price_table_refused").set(0);
            }
            Err(error) => {
                let problem = format!("{error:#}");
                tracing::error!("the new price table cannot be used, the last good one stays: {problem}");
                self.book.refuse(problem, Utc::now());
                gauge!("causeway_price_table_refused").set(1);
            }
        }
    }
}

#[cfg(test)]
mod tests;
