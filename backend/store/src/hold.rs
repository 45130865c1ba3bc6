//! Holds: what one request has reserved, from before it is sent until its row is in Postgres.
//!
//! # The mathematics
//!
//! Every limited scope (a key, an account) is one hash with cumulative totals `u` (nano-dollars) and `t` (tokens) and
//! the sums `ru`, `rt` of what open holds have reserved. A window remembers its end and the total at its start; spent
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
//! Per shard of organisations, all on one slot of a Redis Cluster: `meta` (epoch, sequence), `holds` (request id →
//! what was reserved and what a row needs), `settled` (request id → figures), `checks` (request id → figures of a
//! stream that is still running). A settled event exists in the instance's memory and here until Postgres has it.

mod load;
mod reserve;
mod settle;
mod stored;

pub use load::{LoadedWindow, Standing, Totals, forget, generation, load, open_shard, standing};
pub use reserve::{NoCandidate, Refusal, RefusedBy, ReserveRequest, Reserved, Scope, ScopeWindow, reserve};
pub use settle::{SettleMode, SettledAs, Settlement, checkpoint, confirm, settle};
pub use stored::{OpenHold, open_holds};

use crate::cache::shard_prefix;
use causeway_domain::{AccountId, KeyId};

/// Names of the hashes of a shard.
struct ShardKeys {
    meta: String,
    holds: String,
    settled: String,
    checks: String,
}

impl ShardKeys {
    fn new(shard: u8) -> Self {
        let p = shard_prefix(shard);
        Self {
            meta: format!("{p}meta"),
            holds: format!("{p}holds"),
            settled: format!("{p}settled"),
            checks: format!("{p}checks"),
        }
    }
}

/// A scope's name within its organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeId {
    /// An API key.
    Key(KeyId),
    /// An upstream account.
    Account(AccountId),
}

impl ScopeId {
    /// As it ends the name of the Redis key: `k:<id>`, `a:<id>`.
    fn suffix(&self) -> String {
        let mut text = String::with_capacity(34);
        self.write_suffix(&mut text);
        text
    }

    fn write_suffix(&self, to: &mut String) {
        let (kind, id) = match self {
            Self::Key(id) => ("k:", id.0),
            Self::Account(id) => ("a:", id.0),
        };
        to.push_str(kind);
        to.push_str(id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()));
    }
}

#[cfg(test)]
mod tests;
