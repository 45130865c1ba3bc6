//! The limits that a key (and later a member, an organisation, an account) can carry.

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
}

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
        for (kind, amount) in self.tokens.iter() {
            if amount == 0 || amount > MAX_LIMIT.unsigned_abs() {
                return bad(&format!("tokens.{kind}"), "must be between 1 and 9007199254740991");
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
    }
}
