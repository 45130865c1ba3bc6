//! Typed identifiers, so that an account's id can never be passed where a key's is expected.
//!
//! All are UUIDs. Those we make ourselves are version 7: they sort by time, which is what lets the usage
//! table be partitioned by its own primary key. Making one needs a clock and is left to the callers.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// An organisation: the tenant. Every row, Redis key and budget belongs to exactly one.
    OrgId
);
id!(
    /// A person, who may be a member of several organisations.
    UserId
);
id!(
    /// An API key that a client of the relay presents.
    KeyId
);
id!(
    /// An upstream account: a credential at a provider. Belongs to one organisation.
    AccountId
);
id!(
    /// A pool of upstream accounts. Belongs to one organisation.
    PoolId
);
id!(
    /// A proxy that upstream accounts are reached through. Belongs to one organisation.
    ProxyId
);
id!(
    /// One relayed request, made when its reservation is. Version 7, so it carries its own start time.
    RequestId
);

/// How many shards organisations are spread over. Fixed for ever: the shard is part of every stored key.
pub const SHARDS: u8 = 64;

impl OrgId {
    /// The Redis shard of this organisation, below [`SHARDS`]. It keeps everything that one script touches on one slot of
    /// a Redis Cluster.
    pub fn shard(&self) -> u8 {
        // The last byte of a UUIDv7 is random; the first bytes are time and would cluster.
        self.0.as_bytes()[15] % SHARDS
    }
}

impl RequestId {
    /// Milliseconds since the Unix epoch at which the request was accepted, as carried in a version 7 UUID.
    pub fn started_ms(&self) -> i64 {
        let b = self.0.as_bytes();
        b[..6].iter().fold(0i64, |ms, byte| (ms << 8) | i64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_id_gives_back_the_millisecond_it_was_made_in() {
        let id: RequestId = "019a0000-0000-7000-8000-000000000000".parse().unwrap();
        assert_eq!(id.started_ms(), 0x019a_0000_0000);
    }

    #[test]
    fn shard_stays_within_64_and_ignores_the_time_part() {
        let a: OrgId = "019a0000-0000-7000-8000-0000000000ff".parse().unwrap();
        let b: OrgId = "119a0000-0000-7000-8000-0000000000ff".parse().unwrap();
        assert_eq!((a.shard(), b.shard()), (63, 63));
    }
}
