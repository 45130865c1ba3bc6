//! How long an issuer is left alone after it could not be asked.

use std::time::Duration;

/// The longest that an issuer's own wish is followed.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// How soon an issuer is asked again: twice as long after each failure in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After the first.
    pub first: Duration,
    /// At most.
    pub most: Duration,
}

impl Pace {
    /// The pause after so many failures in a row before this one, and what the issuer asked for.
    pub(super) fn pause(self, failures: u32, wish: Option<Duration>) -> Duration {
        let own = self.first.saturating_mul(1 << failures.min(20)).min(self.most);
        wish.map_or(own, |wish| own.max(wish.min(LONGEST_WISH)))
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(5), most: Duration::from_secs(300) }
    }
}
