//! Holds: what one request has reserved, from before it is sent until its row is in Postgres.
//!
//! # The mathematics
//!
//! Every limited scope (a key, a member, an organisation, an account) is one hash with cumulative totals `u` (nano-dollars) and `t` (tokens) and
//! the sums `ru`, `rt` of what open holds have reserved; requests are totals `n`, and the open ones `c`. A window remembers its end and the total at its start; spent
//! in it is total − base. A request that could cost at most `n` is let in only if
//!
//! ```text
//! (u − base) + ru + n ≤ limit
//! ```
//!
//! and then `ru` grows by `n`. Settling replaces the reservation by the bill `b ≤ n`: `ru −= n`, `u += b`. So
//! `(u − base) + ru` never grows except through that check, and the limit holds under every interleaving: Redis runs
//! one script at a time. When a window ends its base becomes `u`; what is still reserved counts in the new window.
//!
//! Amounts are strings all the way into `HINCRBY`, which is exact in 64 bits. Lua compares in doubles, exact to 2⁵³;
//! a total above that adds a margin larger than any rounding (2048 nano-dollars) to every check.
//!
//! # Where things are
//!
//! Per shard of organisations, all on one slot of a Redis Cluster: `meta` (epoch, state, sequence), `joined` (who has
//! come into an epoch that is not open yet), `holds` (request id →
//! what was reserved and what a row needs), `settled` (request id → figures), `checks` (request id → figures of a
//! stream that is still running). A settled event exists in the instance's memory and here until Postgres has it.

mod ask;
mod epoch;
mod load;
mod queue;
mod reserve;
mod settle;
mod stored;

pub use ask::{Ask, Held, Scope, ScopeWindow};
pub use epoch::{
    BATCH, CLOSED_AT_LEAST_MS, Remembered, Shard, close, join, keep, look, open, register, remembered,
};
pub use load::{Loaded, LoadedSecond, LoadedWindow, Standing, Totals, begin_load, forget, load, standing};
pub use queue::leave;
pub use reserve::{
    NoCandidate, Refusal, RefusedBy, ReserveScript, Reserved, ScopeFacts, WindowFacts, move_on, reserve,
};
pub use settle::{Checkpoint, Growth, SettleMode, SettledAs, Settlement, checkpoint, confirm, settle};
pub use stored::{OpenHold, open_holds, unwritten};

use crate::cache::shard_prefix;
use causeway_domain::{AccountId, KeyId, UserId};
use serde::{Deserialize, Serialize};

/// Names of the hashes of a shard.
struct ShardKeys {
    meta: String,
    holds: String,
    settled: String,
    checks: String,
    joined: String,
}

impl ShardKeys {
    fn new(shard: u8) -> Self {
        let p = shard_prefix(shard);
        Self {
            meta: format!("{p}meta"),
            holds: format!("{p}holds"),
            settled: format!("{p}settled"),
            checks: format!("{p}checks"),
            joined: format!("{p}joined"),
        }
    }
}

/// A scope's name within its organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeId {
    /// An API key.
    Key(KeyId),
    /// A member, over all of its keys.
    Member(UserId),
    /// The organisation that the key belongs to.
    Organisation,
    /// An upstream account.
    Account(AccountId),
}

impl ScopeId {
    /// As it ends the name of the Redis key: `k:<id>`, `m:<id>`, `o`, `a:<id>`.
    fn suffix(&self) -> String {
        let mut text = String::with_capacity(34);
        self.write_suffix(&mut text);
        text
    }

    fn write_suffix(&self, to: &mut String) {
        let (kind, id) = match self {
            Self::Key(id) => ("k:", id.0),
            Self::Member(id) => ("m:", id.0),
            Self::Account(id) => ("a:", id.0),
            Self::Organisation => {
                to.push('o');
                return;
            }
        };
        to.push_str(kind);
        to.push_str(id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()));
    }
}

#[cfg(test)]
mod tests;
