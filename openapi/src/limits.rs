//! How limits stand: what is used of each at this moment, and when it begins anew.
//!
//! The relay tells the holder of a key the same, in the same form.

use causeway_domain::{Nanos, window::WindowKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The limits that are set on one thing, and how they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct LimitsInUse {
    /// True: as counted at this moment, with every request that is running. False: as far as it has been recorded, a
    /// second or two behind and without what is running, because the live counters are not there.
    pub live: bool,
    /// Requests that are running; `null` when it cannot be known.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub running: Option<u64>,
    /// IANA time zone in which days, weeks and months are counted.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// The limits that are set, in a fixed order.
    pub limits: Vec<LimitState>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct LimitState {
    /// Whose limit it is.
    pub scope: LimitScope,
    /// What is counted.
    pub unit: LimitUnit,
    /// In which window; `null` where there is none.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::WindowKind>))]
    pub window: Option<WindowKind>,
    /// The limit.
    pub limit: Amount,
    /// Used so far.
    pub used: Amount,
    /// Held by requests that are running, at most what they could cost.
    pub reserved: Amount,
    /// What is left.
    pub remaining: Amount,
    /// When it begins anew; `null` where it never does by itself, or begins with the next request.
    pub resets_at: Option<DateTime<Utc>>,
}

/// How much of a unit: dollars as a decimal string, everything else as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Amount {
    /// Tokens or requests.
    Count(u64),
    /// Dollars.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "3.70"))]
    Dollars(Nanos),
}

/// Whose a limit is. A request counts in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// The API key's own.
    Key,
    /// The member's, over all of their keys.
    Member,
    /// The organisation's.
    Organization,
    /// The upstream account's.
    Account,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Dollars in a window; of an account what the provider asks, else what is charged.
    Usd,
    /// Tokens (all buckets) in a window.
    Tokens,
    /// Requests in a window.
    Requests,
    /// Requests in 60 seconds.
    RequestsPerMinute,
    /// Tokens (all buckets) in 60 seconds.
    TokensPerMinute,
    /// Requests that are running.
    Concurrency,
}
