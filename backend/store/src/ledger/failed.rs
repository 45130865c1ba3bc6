//! What attempts have cost that failed and that a provider may bill all the same.
//!
//! A request that fails over has one row, of the account that answered. What earlier accounts may bill for it (a
//! connection that broke off or fell silent after the request was sent, an error after the input was reported) is kept in
//! that row, in `usage.failed_attempts`: a list of `{account, cost_nanos, estimated}`, null where there is nothing. So it
//! is durable with the request, once, whoever writes the row, and no list or count of requests has to leave it out.
//!
//! - `usage.cost_nanos` and `charged_nanos` of the row are the answer's alone. Nobody is charged for what failed.
//! - `usage_rollups.cost_nanos` and `budget_totals.nanos` of the *account* of a failed attempt contain its cost; requests,
//!   errors, tokens and charges do not. So for each key, account and model
//!   `Σ rollups.cost_nanos = Σ usage.cost_nanos of that account + Σ failed_attempts.cost_nanos of that account`.
//! - Where no account answers, the row names the last one that was asked, costs nothing by itself, and the list has the
//!   attempts of all of them.
//! - The cost is what was reported, or where less than the whole was, what it can be by the same rules as for an answer
//!   that nobody saw the end of; `estimated` says which. Errors that are answers (a status from 400 on) and connections
//!   that were never made cost nothing and are not listed.

use super::{Figures, Sums, SumsKey, UsageEvent};
use crate::{StoreError, StoreResult};
use causeway_domain::{AccountId, Nanos};
use serde::{Deserialize, Serialize};

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// At which account.
    pub account: AccountId,
    /// At the provider's price, in nano-dollars.
    #[serde(rename = "cost_nanos", with = "nanos")]
    pub cost: Nanos,
    /// Whether the provider has not said all of it.
    pub estimated: bool,
}

/// As a whole number: what the database adds up.
mod nanos {
    use causeway_domain::Nanos;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(nanos: &Nanos, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(nanos.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Nanos, D::Error> {
        i64::deserialize(from).map(Nanos)
    }
}
/// Adds them to the sums of their accounts, beside those of the request, or takes them out.
pub(super) fn add<'a>(attempts: &[FailedAttempt], of: SumsKey<'a>, sums: &mut Sums<'a>, sign: i64) {
    let (org, bucket, key, _, model, user, client) = of;
    for attempt in attempts {
        let figures = Figures { cost: attempt.cost.0, ..Figures::default() };
        sums.entry((org, bucket, key, attempt.account.0, model, user, client))
            .or_default()
            .add(&figures, sign);
    }
}

impl UsageEvent {
    /// The list as it is stored.
    pub(super) fn failed_json(&self) -> Option<String> {
        (!self.failed.is_empty()).then(|| serde_json::to_string(&self.failed).unwrap_or_default())
    }
}

/// The list from the column.
pub(super) fn stored(value: Option<serde_json::Value>) -> StoreResult<Vec<FailedAttempt>> {
    let read = value.map(serde_json::from_value).transpose();
    Ok(read.map_err(|e| StoreError::corrupt("failed attempts", e))?.unwrap_or_default())
}
