//! How far the ledger is behind, and what could not be written.

use crate::organization::OrganizationRef;
use causeway_domain::RequestId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How usage is being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Ledger {
    /// Seconds since the oldest request ended that is not yet in the log; 0 when there is none. Requests of other
    /// organisations in the same part of the ledger count, so it may be more than your own and is never less.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub behind_seconds: u64,
    /// Requests of the organisation that could not be written to the log, nor to budgets.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub dead_letters: u64,
    /// When the newest request in the log began; `null` while there is none.
    pub newest_request_at: Option<DateTime<Utc>>,
    /// The newest quarter of an hour that sums reach; `null` while there is none.
    pub newest_sum_at: Option<DateTime<Utc>>,
    /// The whole installation; `null` for those who do not run it.
    pub installation: Option<LedgerInstallation>,
}

/// The ledger of all organisations together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct LedgerInstallation {
    /// Requests that have ended and are not yet in the log.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub unwritten: u64,
    /// Seconds since the oldest of them ended.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub behind_seconds: u64,
    /// Requests that could not be written.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub dead_letters: u64,
    /// Instances that are heard of.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub instances: u64,
    /// When the newest request in the log began.
    pub newest_request_at: Option<DateTime<Utc>>,
    /// The months that the log has, oldest first; the last part is for requests outside of them.
    pub partitions: Vec<LedgerPartition>,
}

/// A month of the request log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct LedgerPartition {
    /// Name of its table.
    #[cfg_attr(feature = "schemas", schema(example = "usage_2026_11"))]
    pub name: String,
    /// Requests, as the database estimates them; `null` before it has.
    #[cfg_attr(feature = "schemas", schema(example = 120_000))]
    pub requests: Option<u64>,
    /// Bytes with indexes.
    #[cfg_attr(feature = "schemas", schema(example = 62_000_000))]
    pub bytes: u64,
}

/// A request that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    /// Which request.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// What the database said.
    #[cfg_attr(feature = "schemas", schema(example = "postgres: value out of range"))]
    pub error: String,
    /// When it was put aside.
    pub at: DateTime<Utc>,
    /// All that is known of the request, amounts in nano-dollars as decimal strings of dollars.
    #[cfg_attr(feature = "schemas", schema(value_type = Object))]
    pub event: serde_json::Value,
}

/// A request of some organisation that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct TenantDeadLetter {
    /// Whose.
    pub organization: OrganizationRef,
    /// What could not be written.
    #[serde(flatten)]
    pub letter: DeadLetter,
}

/// Giving a request up that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CloseDeadLetter {
    /// Why there will be no row, 1–500 characters. The organisation finds it in its audit log.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Settled by hand in statement 2026-11", min_length = 1, max_length = 500)
    )]
    pub reason: String,
}
