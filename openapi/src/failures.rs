//! How an upstream account has fared: its failures one by one, how often it has answered, and how fast.

use crate::FailureCause;
use causeway_domain::{AccountId, RequestId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An attempt that failed at an account, whatever became of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountFailure {
    /// Identifier.
    pub id: Uuid,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// The row of the failover table, by which failures of a kind can be told.
    pub cause: FailureCause,
    /// The provider's HTTP status, or what an error inside its stream stands for; `null` when there was no answer.
    #[cfg_attr(feature = "schemas", schema(example = 529))]
    pub status: Option<u16>,
    /// What the provider said, at most 500 characters, without the credential.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error: Overloaded"))]
    pub message: String,
    /// The model, as the account was asked for it.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// The request, whose way `GET /requests/{id}/attempts` tells.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// What became of the request.
    pub became: FailureOutcome,
    /// Until when the account, or a part of it, rests because of it; `null` when nothing does.
    pub rests_until: Option<DateTime<Utc>>,
    /// Milliseconds from sending until it failed; of an answer that broke off, from the arrival of the request.
    #[cfg_attr(feature = "schemas", schema(example = 180))]
    pub took_ms: u64,
    /// The life of the instance that saw it, as its log names it at its start.
    #[cfg_attr(feature = "schemas", schema(example = "019a8c3f5b7e7d10a4c2b9e8f7061524"))]
    pub instance: String,
}

/// What became of a request after an attempt had failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureOutcome {
    /// It went on to the next account, or to the next model of its route.
    MovedOn,
    /// The account got another token, and was asked again.
    Refreshed,
    /// The account's grant turned out to be over: it was marked to be authorised anew.
    GrantDead,
    /// Its client was told that it failed.
    GivenUp,
    /// Its client had a part of the answer already, and was told that it broke off.
    BrokeOff,
}

impl FailureOutcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::MovedOn, Self::Refreshed, Self::GrantDead, Self::GivenUp, Self::BrokeOff];
}

/// How an account has fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountRecord {
    /// Which account.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Over the last hour, the last 24 hours and the last 7 days, in this order.
    pub spans: Vec<AccountSpan>,
}

/// How an account has fared for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountSpan {
    /// Length in hours.
    #[cfg_attr(feature = "schemas", schema(example = 24))]
    pub hours: u32,
    /// When it begins: a quarter of an hour, so that it may be up to 15 minutes longer.
    pub from: DateTime<Utc>,
    /// Answers and failures.
    pub rate: AccountRate,
    /// Failures by their cause, most first.
    pub causes: Vec<CauseCount>,
    /// How many answers the times are taken from: all that were whole, and where there are many the newest hundred of each
    /// of 96 equal parts of the time.
    #[cfg_attr(feature = "schemas", schema(example = 812))]
    pub measured: u32,
    /// Milliseconds from sending to the first content of streams; `null` where there was none. What a request spent at accounts that failed before does
    /// not count.
    pub first_token_ms: Option<Percentiles>,
    /// Milliseconds from sending to the end; `null` where nothing was answered.
    pub total_ms: Option<Percentiles>,
}

/// How often an account answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountRate {
    /// Requests that it answered. Those whose client left first are among them; those that were wrong by themselves are in
    /// neither figure.
    #[cfg_attr(feature = "schemas", schema(example = 1204))]
    pub answered: u64,
    /// Attempts that failed there, also where another account answered the request then.
    #[cfg_attr(feature = "schemas", schema(example = 7))]
    pub failed: u64,
    /// The part that was answered, in ten-thousandths, rounded down; `null` when nothing was asked.
    #[cfg_attr(feature = "schemas", schema(example = 9942))]
    pub success: Option<u32>,
}

impl AccountRate {
    /// Of these.
    pub fn of(answered: u64, failed: u64) -> Self {
        let all = u128::from(answered) + u128::from(failed);
        let success = (u128::from(answered) * 10_000).checked_div(all);
        Self { answered, failed, success: success.and_then(|n| u32::try_from(n).ok()) }
    }
}

/// How often something failed for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct CauseCount {
    /// The row of the failover table.
    pub cause: FailureCause,
    /// How often.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub count: u64,
}

/// What so many of a hundred did not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Percentiles {
    /// Half of them.
    #[cfg_attr(feature = "schemas", schema(example = 640))]
    pub p50: u64,
    /// 95 of them.
    #[cfg_attr(feature = "schemas", schema(example = 1900))]
    pub p95: u64,
    /// 99 of them.
    #[cfg_attr(feature = "schemas", schema(example = 4200))]
    pub p99: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_rounded_down_and_of_nothing_there_is_none() {
        assert_eq!(AccountRate::of(0, 0).success, None);
        assert_eq!(AccountRate::of(1, 0).success, Some(10_000));
        assert_eq!(AccountRate::of(0, 3).success, Some(0));
        assert_eq!(AccountRate::of(99_999, 1).success, Some(9999), "one failure is never nothing");
        assert_eq!(AccountRate::of(u64::MAX, u64::MAX).success, Some(5000));
    }
}
