//! The limits that a key, a member, an organisation or an account can carry.

use crate::{money::Nanos, window::WindowKind};
use serde::{Deserialize, Serialize};

/// The largest limit in nano-dollars or tokens: 2⁵³ − 1, about nine million dollars. The script that enforces
/// limits compares in doubles, which are exact up to here.
pub const MAX_LIMIT: i64 = (1 << 53) - 1;

/// All limits of one scope. What is absent is unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests in any 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Tokens (all buckets) in any 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests open at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Dollars per window.
    #[serde(skip_serializing_if = "Windows::is_empty")]
    pub usd: Windows<Nanos>,
    /// Tokens (all buckets) per window.
    #[serde(skip_serializing_if = "Windows::is_empty")]
    pub tokens: Windows<u64>,
    /// Requests per window.
    #[serde(skip_serializing_if = "Windows::is_empty")]
    pub requests: Windows<u64>,
    /// What happens to a request that finds `concurrency` used up; without it the request is refused at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
}

/// A queue in front of a limit of concurrency. First come, first served, over all instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Requests that may wait at once.
    pub length: u32,
    /// Seconds that one may wait before it is refused.
    pub wait_seconds: u32,
}

/// The longest queue.
pub const MAX_QUEUE_LENGTH: u32 = 1000;
/// The longest wait in a queue in seconds; above it clients give up first.
pub const MAX_QUEUE_WAIT: u32 = 300;

/// One optional amount for each kind of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>", serialize = "T: Serialize"))]
pub struct Windows<T> {
    /// Per five hours, beginning with the first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub five_hours: Option<T>,
    /// Per day in the organisation's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<T>,
    /// Per week in the organisation's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week: Option<T>,
    /// Per calendar month in the organisation's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<T>,
    /// Over the whole life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<T>,
}

impl<T> Default for Windows<T> {
    fn default() -> Self {
        Self { five_hours: None, day: None, week: None, month: None, total: None }
    }
}

impl<T: Copy + Ord> Windows<T> {
    /// The smaller amount of each window.
    #[must_use]
    pub fn tightened_by(self, other: Self) -> Self {
        Self {
            five_hours: tighter(self.five_hours, other.five_hours),
            day: tighter(self.day, other.day),
            week: tighter(self.week, other.week),
            month: tighter(self.month, other.month),
            total: tighter(self.total, other.total),
        }
    }
}

fn tighter<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl<T: Copy> Windows<T> {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The amount for one window.
    pub fn get(&self, kind: WindowKind) -> Option<T> {
        match kind {
            WindowKind::FiveHours => self.five_hours,
            WindowKind::Day => self.day,
            WindowKind::Week => self.week,
            WindowKind::Month => self.month,
            WindowKind::Total => self.total,
        }
    }

    /// The windows that are limited, shortest first.
    pub fn iter(&self) -> impl Iterator<Item = (WindowKind, T)> + '_ {
        WindowKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}

/// A limit that cannot be enforced as written: which field, and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct BadLimit {
    /// Path within the limits, such as `usd.day`.
    pub field: String,
    /// What is accepted.
    pub problem: &'static str,
}

impl Limits {
    /// Whether nothing is limited at all, so that no counter need be kept.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The tighter of each limit. Of two queues the shorter one with the shorter wait; a queue that only one side has
    /// stays.
    #[must_use]
    pub fn tightened_by(&self, other: &Self) -> Self {
        Self {
            requests_per_minute: tighter(self.requests_per_minute, other.requests_per_minute),
            tokens_per_minute: tighter(self.tokens_per_minute, other.tokens_per_minute),
            concurrency: tighter(self.concurrency, other.concurrency),
            usd: self.usd.tightened_by(other.usd),
            tokens: self.tokens.tightened_by(other.tokens),
            requests: self.requests.tightened_by(other.requests),
            queue: match (self.queue, other.queue) {
                (Some(a), Some(b)) => Some(Queue {
                    length: a.length.min(b.length),
                    wait_seconds: a.wait_seconds.min(b.wait_seconds),
                }),
                (a, b) => a.or(b),
            },
        }
    }

    /// The windows in which anything is limited, shortest first.
    pub fn windows(&self) -> impl Iterator<Item = WindowKind> + '_ {
        WindowKind::ALL.into_iter().filter(|k| {
            self.usd.get(*k).is_some() || self.tokens.get(*k).is_some() || self.requests.get(*k).is_some()
        })
    }

    /// Checks every figure. Zero is refused everywhere: "nothing at all" is said by disabling the key.
    pub fn validate(&self) -> Result<(), BadLimit> {
        let bad = |field: &str, problem| Err(BadLimit { field: field.to_owned(), problem });
        if self.requests_per_minute == Some(0) {
            return bad("requests_per_minute", "must be at least 1; disable the key to allow nothing");
        }
        if self.concurrency == Some(0) {
            return bad("concurrency", "must be at least 1; disable the key to allow nothing");
        }
        if self.tokens_per_minute.is_some_and(|t| t == 0 || t > MAX_LIMIT.unsigned_abs()) {
            return bad("tokens_per_minute", "must be between 1 and 9007199254740991");
        }
        for (kind, amount) in self.usd.iter() {
            if !(1..=MAX_LIMIT).contains(&amount.0) {
                return bad(&format!("usd.{kind}"), "must be more than 0 and at most 9007199.25 dollars");
            }
        }
        for (unit, windows) in [("tokens", &self.tokens), ("requests", &self.requests)] {
            for (kind, amount) in windows.iter() {
                if amount == 0 || amount > MAX_LIMIT.unsigned_abs() {
                    return bad(&format!("{unit}.{kind}"), "must be between 1 and 9007199254740991");
                }
            }
        }
        if let Some(queue) = self.queue {
            if self.concurrency.is_none() {
                return bad("queue", "needs a limit of concurrency to wait for");
            }
            if !(1..=MAX_QUEUE_LENGTH).contains(&queue.length) {
                return bad("queue.length", "must be between 1 and 1000");
            }
            if !(1..=MAX_QUEUE_WAIT).contains(&queue.wait_seconds) {
                return bad("queue.wait_seconds", "must be between 1 and 300");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_the_api_writes_them() {
        let json = r#"{"requests_per_minute":60,"usd":{"day":"5.00","total":"100.00"}}"#;
        let limits: Limits = serde_json::from_str(json).unwrap();
        assert_eq!(limits.usd.day, Some(Nanos(5_000_000_000)));
        assert_eq!(serde_json::to_string(&limits).unwrap(), json);
        assert_eq!(limits.validate(), Ok(()));
    }

    #[test]
    fn a_misspelt_limit_is_refused_rather_than_ignored() {
        assert!(serde_json::from_str::<Limits>(r#"{"usd":{"daily":"5"}}"#).is_err());
    }

    #[test]
    fn figures_that_cannot_be_enforced_are_named() {
        let limits =
            Limits { usd: Windows { day: Some(Nanos(-1)), ..Default::default() }, ..Default::default() };
        assert_eq!(limits.validate().unwrap_err().field, "usd.day");
        let limits = Limits { requests_per_minute: Some(0), ..Default::default() };
        assert_eq!(limits.validate().unwrap_err().field, "requests_per_minute");
        let limits =
            Limits { tokens: Windows { total: Some(1 << 53), ..Default::default() }, ..Default::default() };
        assert_eq!(limits.validate().unwrap_err().field, "tokens.total");
        let queue = Some(Queue { length: 5, wait_seconds: 301 });
        let limits = Limits { concurrency: Some(1), queue, ..Default::default() };
        assert_eq!(limits.validate().unwrap_err().field, "queue.wait_seconds");
        assert_eq!(Limits { queue, ..Default::default() }.validate().unwrap_err().field, "queue");
    }

    #[test]
    fn of_two_sets_of_limits_the_tighter_of_each_holds() {
        let own: Limits = serde_json::from_str(r#"{"concurrency":9,"usd":{"day":"5"}}"#).unwrap();
        let plan: Limits =
            serde_json::from_str(r#"{"concurrency":4,"usd":{"day":"7","month":"50"}}"#).unwrap();
        let both = own.tightened_by(&plan);
        assert_eq!(
            serde_json::to_string(&both).unwrap(),
            r#"{"concurrency":4,"usd":{"day":"5.00","month":"50.00"}}"#
        );
        assert_eq!(both.windows().collect::<Vec<_>>(), [WindowKind::Day, WindowKind::Month]);
    }
}
