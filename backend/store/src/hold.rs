//! Holds: what one request has reserved, from before it is sent until its row is in Postgres.
//!
//! # The mathematics
//!
//! A request counts in up to four scopes: its key, the member whose key it is, the organisation, the account that serves
//! it. Accounts count what the provider asks, everyone else what is charged. Every limited scope is one hash with
//!
//! - cumulative totals `u` (nano-dollars), `t` (tokens), `n` (requests): what is over,
//! - reserved sums `ru`, `rt` and the number `c` of requests: what is open,
//! - for each window that is watched its end and the totals at its beginning, its base `b`,
//! - for each limit per minute the last 61 seconds, one by one, and their sum.
//!
//! A request that could cost at most `x` and use at most `y` tokens is let in only if in all of its scopes at once
//!
//! ```text
//! dollars of a window    (u − b) + ru + x ≤ limit
//! tokens of a window     (t − b) + rt + y ≤ limit
//! requests of a window   (n − b) + c  + 1 ≤ limit
//! concurrency            c + 1 ≤ limit, and c + those before it in line + 1 ≤ limit
//! per minute             requests or tokens of 61 seconds + 1 or y ≤ limit
//! ```
//!
//! and then `ru`, `rt` and `c` grow by `x`, `y` and 1, in all of them or in none. Settling replaces the reservation by
//! the bill `x′ ≤ x`, `y′ ≤ y`: `ru −= x`, `u += x′`, and so on; releasing takes the reservation back, in the minutes too,
//! for what reached no provider was not made. A request that moves on to another account is taken back from the one before,
//! except for what that may bill for its attempt: this stays reserved there, and is spent when the request is settled. So no left side
//! ever grows except through that check (or, where an organisation reserves what is expected, by a stream that uses more
//! than that), and every limit holds under every interleaving: Redis runs one script at a time. When a window ends its
//! base becomes the total; what is still reserved counts in the new window. The minute takes the running second whole
//! and the sixty before it, so it never counts too little.
//!
//! **Together.** Requests of a shard that come at the same time are asked for in one call, one after the other: what one has
//! taken, the next finds taken. What they share is read once and written once, when all have been looked at.
//!
//! **Once.** A hold is made once per request id, and the hash of settled requests takes each id once: settling twice,
//! late, or after a sweeper changes nothing. A release that finds nothing leaves a mark, by which a reservation or a
//! registration that comes after it knows that it is too late.
//!
//! **Sums.** What is settled lies in the hash of settled requests until its row is in Postgres, so at every moment
//! `u = Σ rows + Σ settled and not written`. A scope that is filled in from Postgres is filled in only if nothing was
//! settled in it since before Postgres was read (its generation `g` says so). Totals that may be wrong are forgotten and
//! read again. A window that was not limited for a while is not watched: nobody would have noticed its end, so its base
//! is read again too.
//!
//! **Epochs.** All of this is of one epoch of the shard (see [`epoch`]): a scope packed in another epoch is void, a hold of
//! another epoch counts nowhere until it is registered anew. What is reserved in an epoch is
//! `Σ holds of this epoch that are not settled`, whatever Redis has lost before it began.
//!
//! **Numbers.** Lua has doubles, exact to 2⁵³. A scope's sums are packed as such, in one field of its hash, and so are limits
//! in the scripts' arguments: text would cost Redis more time than all the rest, and Lua hashes each byte that it is given.
//! Amounts are integers of 64 bits there and in holds, and are copied as they are. Where a sum or an amount is beyond
//! 2⁵³ it is added in two halves of 32 bits and kept as an integer of 64, so that every sum is exact to the nano-dollar
//! (`scope.lua`); what is compared is the double, and a total beyond 2⁵³ adds a margin larger than any rounding (2048
//! nano-dollars) to every check.
//!
//! `tests/model.rs` has the same without totals and counters, as sums over requests; `tests/property.rs` lives random
//! histories on both.
//!
//! # Where things are
//!
//! Per shard of organisations, all on one slot of a Redis Cluster: `meta` (epoch, state, sequence), `joined` (who has
//! come into an epoch that is not open yet), `holds` (request id → what was reserved, or the mark of a release), `drafts`
//! (request id → what its row needs and only a sweeper reads), `settled` (request id → figures), `checks` (request id →
//! figures of a stream that is still running).
//! Per organisation: its policy version, and a hash for each scope with two sorted sets beside it for those who wait in
//! line. A settled event exists in the instance's memory and here until Postgres has it.
//!
//! # What it costs
//!
//! `cargo bench -p causeway-store` prints the microseconds of Redis' core for one request.

/// A script that reads holds, with what it shares with others.
macro_rules! with_holds {
    ($file:literal) => {
        concat!(include_str!("scope.lua"), include_str!("hold.lua"), include_str!($file))
    };
}

mod answer;
mod ask;
mod epoch;
mod load;
mod question;
mod queue;
mod record;
mod reserve;
mod settle;
mod state;
mod stored;

pub use ask::{Ask, Conversation, Held, Scope, ScopeWindow};
pub(crate) use epoch::SCHEMA;
pub use epoch::{
    BATCH, CLOSED_AT_LEAST_MS, Remembered, Shard, close, is_kept_otherwise, join, keep, look, open, register,
    remembered,
};
pub use load::{
    Loaded, LoadedSecond, LoadedWindow, Standing, Totals, begin_load, forget, load, open_at, standing,
};
pub use queue::leave;
pub use reserve::{
    NoCandidate, Refusal, RefusedBy, ReserveScript, Reserved, ScopeFacts, WindowFacts, move_on, reserve,
    reserve_all,
};
pub use settle::{Checkpoint, Growth, SettleMode, SettledAs, Settlement, checkpoint, confirm, settle};
pub use stored::{OpenHold, open_holds, running_by_account, unwritten};

use crate::cache::shard_prefix;
use causeway_domain::{AccountId, KeyId, UserId, ids::SHARDS};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Names of the hashes of a shard.
struct ShardKeys {
    prefix: String,
    meta: String,
    holds: String,
    drafts: String,
    settled: String,
    checks: String,
    joined: String,
}

impl ShardKeys {
    /// Made once: every reservation and every settlement names them.
    fn of(shard: u8) -> &'static Self {
        static ALL: LazyLock<Vec<ShardKeys>> = LazyLock::new(|| (0..SHARDS).map(ShardKeys::new).collect());
        &ALL[usize::from(shard % SHARDS)]
    }

    fn new(shard: u8) -> Self {
        let prefix = shard_prefix(shard);
        let name = |what| format!("{prefix}{what}");
        Self {
            meta: name("meta"),
            holds: name("holds"),
            drafts: name("drafts"),
            settled: name("settled"),
            checks: name("checks"),
            joined: name("joined"),
            prefix,
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
    pub(crate) fn suffix(&self) -> String {
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
