//! Sums for the dashboard, made from the quarter-hour rollups in the organisation's time zone.

use causeway_domain::Nanos;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The days to sum over, and by what to split them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct UsageQuery {
    /// First day, in the organisation's time zone; 29 days before `to` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "2026-11-01"))]
    pub from: Option<NaiveDate>,
    /// Last day, included; today when absent. At most 400 days after `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "2026-11-30"))]
    pub to: Option<NaiveDate>,
    /// What each group stands for; `day` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(inline))]
    pub group: Option<UsageGroup>,
}

/// What a group of a summary stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageGroup {
    /// A day; every day of the range is there, also one without requests, oldest first.
    #[default]
    Day,
    /// A model, dearest first.
    Model,
    /// An API key, dearest first.
    Key,
    /// An upstream account, dearest first.
    Account,
}

/// Sums over a range of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageSummary {
    /// First day.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-01"))]
    pub from: NaiveDate,
    /// Last day, included.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-30"))]
    pub to: NaiveDate,
    /// The time zone whose days these are.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// Over everything in the range.
    pub totals: UsageFigures,
    /// What the groups stand for.
    pub group: UsageGroup,
    /// The groups.
    pub groups: Vec<UsageRow>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageRow {
    /// Day (`YYYY-MM-DD`), model name, key id or account id.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-20"))]
    pub key: String,
    /// What to call it: the name of a key or account (empty when it is gone), else the same as `key`.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-20"))]
    pub label: String,
    /// Its sums.
    pub figures: UsageFigures,
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageFigures {
    /// Requests that reached a provider.
    #[cfg_attr(feature = "schemas", schema(example = 120))]
    pub requests: u64,
    /// Those of them that ended in an error.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub errors: u64,
    /// Input tokens outside any prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 40210))]
    pub input_tokens: u64,
    /// Output tokens.
    #[cfg_attr(feature = "schemas", schema(example = 9100))]
    pub output_tokens: u64,
    /// Input tokens read from a prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 812000))]
    pub cache_read_tokens: u64,
    /// Input tokens written to a prompt cache for five minutes.
    #[cfg_attr(feature = "schemas", schema(example = 60100))]
    pub cache_write_5m_tokens: u64,
    /// Input tokens written to a prompt cache for an hour.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub cache_write_1h_tokens: u64,
    /// Dollars charged to keys, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "3.20"))]
    pub cost_usd: Nanos,
}

impl UsageFigures {
    /// All tokens, each bucket once.
    pub fn tokens(&self) -> u64 {
        [self.output_tokens, self.cache_read_tokens, self.cache_write_5m_tokens, self.cache_write_1h_tokens]
            .into_iter()
            .fold(self.input_tokens, u64::saturating_add)
    }
}
