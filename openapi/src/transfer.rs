//! Requests as they leave one installation and enter another: the lines of an export, and the report of an import.

use crate::requests::Outcome;
use causeway_domain::{AccountId, Factor, KeyId, Nanos, RequestId, UserId, price::ServiceTier};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A request with everything that its row holds: one line of an export in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageRecord {
    /// Identifier, a version 7 UUID; it carries the time at which the request began.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// The same time, for people.
    pub started_at: DateTime<Utc>,
    /// Who wrote the row.
    pub written_by: WrittenBy,
    /// The API key it came with.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub key_id: KeyId,
    /// Name of the key; not read by an import.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "Ada's laptop"))]
    pub key_name: String,
    /// The member whose key it was; `null` for a key of nobody.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub member_id: Option<UserId>,
    /// Name of the member; not read by an import.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub member_name: String,
    /// The upstream account it went to.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Name of the account; not read by an import.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "Anthropic, research"))]
    pub account_name: String,
    /// Provider of the account.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic"))]
    pub provider: String,
    /// Wire format of the client.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic_messages"))]
    pub dialect: String,
    /// Model.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// HTTP status told to the client; 0 when it left before there was one.
    #[cfg_attr(feature = "schemas", schema(example = 200))]
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the figures are conservative ones of ours.
    pub estimated: bool,
    /// Input tokens outside any prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 1200))]
    pub input_tokens: u64,
    /// Output tokens, thinking included.
    #[cfg_attr(feature = "schemas", schema(example = 310))]
    pub output_tokens: u64,
    /// Input tokens read from a prompt cache.
    #[cfg_attr(feature = "schemas", schema(example = 40100))]
    pub cache_read_tokens: u64,
    /// Input tokens written to a prompt cache for five minutes.
    #[cfg_attr(feature = "schemas", schema(example = 900))]
    pub cache_write_5m_tokens: u64,
    /// Input tokens written to a prompt cache for an hour.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub cache_write_1h_tokens: u64,
    /// The part of the output spent on reasoning.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub reasoning_tokens: u64,
    /// Searches that the provider made on its own.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub web_searches: u32,
    /// Service tier that it was billed at.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "standard"))]
    #[serde(default)]
    pub service_tier: ServiceTier,
    /// Dollars that the provider asks.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.013575"))]
    pub provider_cost_usd: Nanos,
    /// What was charged for a dollar of that: the product of the multipliers that applied.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1.25"))]
    pub multiplier: Factor,
    /// Dollars charged to the key.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.016968750"))]
    pub cost_usd: Nanos,
    /// The price that was used: nano-dollars per million tokens.
    #[cfg_attr(feature = "schemas", schema(value_type = Object))]
    pub price: serde_json::Value,
    /// Milliseconds until the first byte of the answer.
    #[cfg_attr(feature = "schemas", schema(example = 420))]
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until its end.
    #[cfg_attr(feature = "schemas", schema(example = 6200))]
    pub duration_ms: u32,
    /// The provider's own identifier of the request.
    #[cfg_attr(feature = "schemas", schema(example = "req_011CSHoEeqs5C35K2UUqR7Fy"))]
    pub upstream_request_id: Option<String>,
    /// The client program, as it calls itself.
    #[cfg_attr(feature = "schemas", schema(example = "claude-cli/2.1.0"))]
    pub client: String,
    /// The client that it was recognised as; empty where no rule fitted.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub client_id: String,
    /// What went wrong, in short.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error"))]
    pub error: Option<String>,
}

/// Who wrote a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WrittenBy {
    /// The instance that served the request.
    Owner,
    /// Another one, after that had died.
    Sweeper,
}

mod decimal {
    use causeway_domain::Factor;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(factor: &Factor, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(factor)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Factor, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// How to import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ImportQuery {
    /// Only look, and report what would be done. Do this first.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Lines that were read, without empty ones.
    #[cfg_attr(feature = "schemas", schema(example = 1000))]
    pub read: u64,
    /// Requests that were missing, and are in the log now (or would be).
    #[cfg_attr(feature = "schemas", schema(example = 990))]
    pub added: u64,
    /// Requests that the log has already. Their rows were left alone.
    #[cfg_attr(feature = "schemas", schema(example = 8))]
    pub present: u64,
    /// Lines that were refused.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub refused: u64,
    /// Dollars charged by what was added.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "12.50"))]
    pub added_usd: Nanos,
    /// When the oldest request that was added began.
    pub from: Option<DateTime<Utc>>,
    /// When the newest request that was added began.
    pub to: Option<DateTime<Utc>>,
    /// Why lines were refused; the first hundred.
    pub refusals: Vec<ImportRefusal>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ImportRefusal {
    /// Which line, from 1.
    #[cfg_attr(feature = "schemas", schema(example = 17))]
    pub line: u64,
    /// Which field of it; empty when it is the line as a whole.
    #[cfg_attr(feature = "schemas", schema(example = "key_id"))]
    pub field: String,
    /// Why.
    #[cfg_attr(feature = "schemas", schema(example = "is no key of this organisation"))]
    pub reason: String,
}
