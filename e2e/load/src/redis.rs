//! What Redis says of the scripts that it has run. It measures by the clock, so on a machine that others use too its CPU
//! time per request is the figure to trust.

use anyhow::{Context, Result};
use redis::{Client, Connection};
use std::time::Duration;

/// Redis while it is used by others.
pub(crate) struct Scripts(Connection);

/// Scripts that were run so far, and the time that Redis was busy with them, what they call included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) calls: u64,
    pub(crate) busy: Duration,
}

impl Scripts {
    /// Connects.
    pub(crate) fn of(url: &str) -> Result<Self> {
        Ok(Self(Client::open(url)?.get_connection().context("connecting to Redis")?))
    }

    /// How many there were.
    pub(crate) fn ran(&mut self) -> Result<Ran> {
        let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut self.0)?;
        Ok(read(&stats))
    }
}

impl std::ops::Sub for Ran {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { calls: self.calls - before.calls, busy: self.busy - before.busy }
    }
}

/// The line of EVALSHA: `cmdstat_evalsha:calls=2,usec=31,usec_per_call=15.50,…`.
fn read(stats: &str) -> Ran {
    let line =
        stats.lines().find_map(|line| line.trim().strip_prefix("cmdstat_evalsha:")).unwrap_or_default();
    let field = |name: &str| {
        line.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok()).unwrap_or(0)
    };
    Ran { calls: field("calls"), busy: Duration::from_micros(field("usec")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_evalsha_is_read() {
        let stats = "# Commandstats\r\ncmdstat_eval:calls=9,usec=9,usec_per_call=1.00\r\n\
                     cmdstat_evalsha:calls=2,usec=31,usec_per_call=15.50,rejected_calls=0,failed_calls=1\r\n";
        assert_eq!(read(stats), Ran { calls: 2, busy: Duration::from_micros(31) });
        assert_eq!(read("# Commandstats\r\n"), Ran::default());
    }
}
