//! Scheduled checks of upstream accounts.

use crate::AccountTest;
use causeway_domain::AccountId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// When an account is checked, and what that has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountChecks {
    /// Which account.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// The schedule in force, in five fields of cron; `null` when it is never checked.
    #[cfg_attr(feature = "schemas", schema(example = "0 6 * * 1-5"))]
    pub schedule: Option<String>,
    /// Whether it is the organisation's.
    pub inherited: bool,
    /// The time zone whose clock it goes by: the organisation's.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// When it is checked next; `null` when never, or while it is disabled.
    pub next_at: Option<DateTime<Utc>>,
    /// The checks, newest first.
    pub items: Vec<AccountCheck>,
}

/// A scheduled check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountCheck {
    /// The minute at which it was due.
    pub due_at: DateTime<Utc>,
    /// What it found, without the models; `null` while it runs, or when its instance stopped meanwhile.
    pub outcome: Option<AccountTest>,
    /// Whether it ended the time of a rest, so that the next request tried the account.
    pub ended_rest: bool,
}
