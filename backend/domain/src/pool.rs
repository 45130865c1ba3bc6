//! Pools: several upstream accounts that serve the same keys, and the order in which they are asked.
//!
//! Ranking is pure: what is known of the accounts at a moment comes in, an order goes out. Whether an account can be used
//! at all (its cooldowns, its limits, its models) is not decided here.

mod ranking;

pub use ranking::{Standing, Turn, rank};

use crate::AccountId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most members of a pool.
pub const MOST_MEMBERS: usize = 200;
/// The largest weight.
pub const MAX_WEIGHT: u16 = 1000;
/// The largest priority; smaller is asked first.
pub const MAX_PRIORITY: u16 = 1000;
/// The longest time a conversation can be remembered after its last request, in seconds: a week.
pub const MAX_STICKY_SECONDS: u32 = 7 * 86_400;
/// How long it is remembered where nobody says otherwise, in seconds: an hour.
pub const STICKY_SECONDS: u32 = 3_600;

/// How a pool chooses among its accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One after the other.
    #[default]
    RoundRobin,
    /// In proportion to their weights, evenly spread.
    Weighted,
    /// The one with the fewest requests under way for its weight.
    LeastBusy,
    /// The first by priority until it is full or rests, then the next.
    FillFirst,
    /// Those of the best priority in turn; the next priority only when none of them can be used.
    Priority,
    /// The one that has most of its provider's quota left.
    MostQuota,
    /// The active account only. Nothing else is asked when it fails.
    ActiveFirst,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RoundRobin,
        Self::Weighted,
        Self::LeastBusy,
        Self::FillFirst,
        Self::Priority,
        Self::MostQuota,
        Self::ActiveFirst,
    ];

    /// As stored and as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Weighted => "weighted",
            Self::LeastBusy => "least_busy",
            Self::FillFirst => "fill_first",
            Self::Priority => "priority",
            Self::MostQuota => "most_quota",
            Self::ActiveFirst => "active_first",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of the strategies'.
#[derive(Debug, thiserror::Error)]
#[error("not a strategy: {0}")]
pub struct UnknownStrategy(String);

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str() == name).ok_or_else(|| UnknownStrategy(name.to_owned()))
    }
}

/// An account in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub account: AccountId,
    /// Its share where the strategy weighs, 1 to [`MAX_WEIGHT`].
    pub weight: u16,
    /// Smaller is asked first where the strategy has an order.
    pub priority: u16,
}
