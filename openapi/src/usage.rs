//! Sums for the dashboard and the usage page, made from the quarter-hour rollups in the organisation's time zone.

use causeway_domain::{AccountId, KeyId, Nanos, UserId};
use chrono::{DateTime, NaiveDate, Utc};
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
    /// Day (`YYYY-MM-DD`), model name, provider, or the id of a key, an account or a member (nil for keys of nobody).
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-20"))]
    pub key: String,
    /// What to call it: the name of a key, an account or a member (empty when it has none), else the same as `key`.
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
    /// Dollars that the providers ask, before multipliers, as a decimal string.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "3.20"))]
    pub provider_cost_usd: Nanos,
}

impl UsageFigures {
    /// These and others together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            errors: self.errors.saturating_add(other.errors),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            cache_write_5m_tokens: self.cache_write_5m_tokens.saturating_add(other.cache_write_5m_tokens),
            cache_write_1h_tokens: self.cache_write_1h_tokens.saturating_add(other.cache_write_1h_tokens),
            cost_usd: self.cost_usd.saturating_add(other.cost_usd),
            provider_cost_usd: self.provider_cost_usd.saturating_add(other.provider_cost_usd),
        }
    }

    /// All input tokens, cached or not: what the share of the cache is a share of.
    pub fn all_input(&self) -> u64 {
        [self.cache_read_tokens, self.cache_write_5m_tokens, self.cache_write_1h_tokens]
            .into_iter()
            .fold(self.input_tokens, u64::saturating_add)
    }

    /// All tokens, each bucket once.
    pub fn tokens(&self) -> u64 {
        [self.output_tokens, self.cache_read_tokens, self.cache_write_5m_tokens, self.cache_write_1h_tokens]
            .into_iter()
            .fold(self.input_tokens, u64::saturating_add)
    }
}

macro_rules! filtered {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[cfg_attr(feature = "schemas", param(inline))]
                pub $field: $kind,
            )*
            /// First day, in the organisation's time zone; 29 days before `to` when absent.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "2026-11-01"))]
            pub from: Option<NaiveDate>,
            /// Last day, included; today when absent.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "2026-11-30"))]
            pub to: Option<NaiveDate>,
            /// So many days up to `to`, which counts; instead of `from`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 3660, example = 30))]
            pub days: Option<u16>,
            /// Of this API key.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub key_id: Option<KeyId>,
            /// Of the keys that were this member's when they were used; the nil id stands for keys of nobody.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub member_id: Option<UserId>,
            /// Through this upstream account.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
            pub account_id: Option<AccountId>,
            /// For this model; `*` stands for any run of characters.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "claude-*"))]
            pub model: Option<String>,
            /// Through accounts of this provider.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "anthropic"))]
            pub provider: Option<String>,
            /// From this client; the empty text stands for those that were not recognised.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "claude_code"))]
            pub client_id: Option<String>,
        }
    };
}

filtered!(
    /// Which usage to sum, and over which days. All conditions must hold.
    UsageFilter {}
);

filtered!(
    /// Which table of the usage page to export.
    UsageExport {
        /// What a row stands for.
        by: UsagePart,
        /// Form of the file.
        format: ExportFormat,
    }
);

impl UsageExport {
    /// The export of what a filter narrows to.
    pub fn new(by: UsagePart, format: ExportFormat, filter: UsageFilter) -> Self {
        let UsageFilter { from, to, days, key_id, member_id, account_id, model, provider, client_id } =
            filter;
        Self { by, format, from, to, days, key_id, member_id, account_id, model, provider, client_id }
    }

    /// Which usage.
    pub fn filter(self) -> UsageFilter {
        let Self { from, to, days, key_id, member_id, account_id, model, provider, client_id, .. } = self;
        UsageFilter { from, to, days, key_id, member_id, account_id, model, provider, client_id }
    }
}

/// How long a piece of a series is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageStep {
    /// An hour of the wall clock in the organisation's time zone.
    Hour,
    /// A day of the organisation.
    #[default]
    Day,
    /// A calendar month.
    Month,
}

/// By what to split usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageDimension {
    /// API key.
    #[default]
    Key,
    /// The member whose key it was when it was used.
    Member,
    /// Model.
    Model,
    /// Upstream account.
    Account,
    /// Provider.
    Provider,
    /// The client that was recognised.
    Client,
}

/// What a row of an exported table stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsagePart {
    /// API key.
    Key,
    /// The member whose key it was when it was used.
    Member,
    /// Model.
    Model,
    /// Upstream account.
    Account,
    /// Provider.
    Provider,
    /// The client that was recognised.
    Client,
    /// Hour.
    Hour,
    /// Day.
    #[default]
    Day,
    /// Calendar month.
    Month,
}

impl From<UsageDimension> for UsagePart {
    fn from(dimension: UsageDimension) -> Self {
        match dimension {
            UsageDimension::Key => Self::Key,
            UsageDimension::Member => Self::Member,
            UsageDimension::Model => Self::Model,
            UsageDimension::Account => Self::Account,
            UsageDimension::Provider => Self::Provider,
            UsageDimension::Client => Self::Client,
        }
    }
}

impl From<UsageStep> for UsagePart {
    fn from(step: UsageStep) -> Self {
        match step {
            UsageStep::Hour => Self::Hour,
            UsageStep::Day => Self::Day,
            UsageStep::Month => Self::Month,
        }
    }
}

/// Form of an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values with a heading (RFC 4180), for spreadsheets.
    #[default]
    Csv,
    /// A JSON object on each line, for programs; the form that can be imported again.
    Jsonl,
}

/// Usage over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageSeries {
    /// First day.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-01"))]
    pub from: NaiveDate,
    /// Last day, included.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-30"))]
    pub to: NaiveDate,
    /// The time zone whose hours, days and months these are.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// How long a point is.
    pub step: UsageStep,
    /// The sum of the points.
    pub totals: UsageFigures,
    /// Every piece of the range, also one without requests, oldest first.
    pub points: Vec<UsagePoint>,
}

/// A piece of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsagePoint {
    /// What it is called in the time zone: `2026-10-25T02:00:00+02:00`, `2026-10-25` or `2026-10`. An hour that the clocks
    /// repeat comes twice, with two offsets.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-20"))]
    pub label: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// Its sums.
    pub figures: UsageFigures,
}

/// Usage split into parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageBreakdown {
    /// First day.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-01"))]
    pub from: NaiveDate,
    /// Last day, included.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-30"))]
    pub to: NaiveDate,
    /// The time zone whose days these are.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// What a row stands for.
    pub dimension: UsageDimension,
    /// The sum of the rows, and of `others` where there are some.
    pub totals: UsageFigures,
    /// The dearest 1,000 parts, dearest first.
    pub rows: Vec<UsageRow>,
    /// What is left when there are more; `null` when there are not.
    pub others: Option<UsageOthers>,
}

/// The parts that have no row of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct UsageOthers {
    /// How many.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub count: u64,
    /// Their sums.
    pub figures: UsageFigures,
}
