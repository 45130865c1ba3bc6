//! Rules by which clients are recognised, and the dry run of rules over the last day's requests.

use causeway_domain::ClientRule;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an organisation recognises the programs that its requests come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ClientRuleSet {
    /// How often the organisation's own rules were changed; 0 where there are none.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub version: u32,
    /// The organisation's own rules, which come before the shipped ones; the first that fits counts.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<crate::schema::ClientRule>, max_items = 50))]
    pub rules: Vec<ClientRule>,
    /// Whether the shipped rules do not count.
    #[cfg_attr(feature = "schemas", schema(example = false))]
    pub without_shipped: bool,
    /// When the own rules were changed last; `null` where there are none.
    pub updated_at: Option<DateTime<Utc>>,
    /// Which state of the shipped rules this is.
    #[cfg_attr(feature = "schemas", schema(example = "2026-11-29"))]
    pub shipped_version: String,
    /// The rules that come with Causeway, in order.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<crate::schema::ClientRule>))]
    pub shipped: Vec<ClientRule>,
    /// The headers that rules can read. Of those that carry a session only their presence is read, as the value `present`.
    #[cfg_attr(feature = "schemas", schema(example = json!(["user-agent", "x-app"])))]
    pub headers: Vec<String>,
    /// The clients that rules name or keys are restricted to.
    pub clients: Vec<KnownClient>,
}

/// A client that rules name, or a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct KnownClient {
    /// The name that keys, the request log and usage have.
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub client: String,
    /// As people call it.
    #[cfg_attr(feature = "schemas", schema(example = "Claude Code"))]
    pub name: String,
    /// Whether a rule recognises it by now. A key that names one that none does is refused to everybody.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub recognised: bool,
    /// How many keys are restricted to it, or to it and others.
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub keys: u64,
}

/// New rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetClientRules {
    /// The version that was edited: refused where somebody has changed the rules since. Whatever is there is replaced when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub version: Option<u32>,
    /// The organisation's own rules, all of them anew, in order; at most 50.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<crate::schema::ClientRule>, max_items = 50))]
    pub rules: Vec<ClientRule>,
    /// Whether the shipped rules do not count; false when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = false))]
    pub without_shipped: bool,
}

/// Rules to be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TryClientRules {
    /// The rules, in order; at most 50.
    #[cfg_attr(feature = "schemas", schema(value_type = Vec<crate::schema::ClientRule>, max_items = 50))]
    pub rules: Vec<ClientRule>,
    /// Whether the shipped rules do not count; false when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = false))]
    pub without_shipped: bool,
}

/// What rules would have made of the last day's requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ClientTrial {
    /// Since when: a day ago.
    pub since: DateTime<Utc>,
    /// Requests since then that reached a provider.
    #[cfg_attr(feature = "schemas", schema(example = 1204))]
    pub requests: u64,
    /// Those of them that were looked at: all, unless they look very different from each other.
    #[cfg_attr(feature = "schemas", schema(example = 1204))]
    pub examined: u64,
    /// Requests that would have been refused because of the clients that their key is restricted to.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub refused: u64,
    /// By client, most requests first.
    pub clients: Vec<ClientTrialSum>,
    /// By what the requests looked like, most requests first; the first 100.
    pub rows: Vec<ClientTrialRow>,
}

/// A client in a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ClientTrialSum {
    /// The client; empty for what is not recognised.
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub client: String,
    /// As people call it; empty for what is not recognised.
    #[cfg_attr(feature = "schemas", schema(example = "Claude Code"))]
    pub name: String,
    /// Requests that were recognised as it when they came.
    #[cfg_attr(feature = "schemas", schema(example = 900))]
    pub before: u64,
    /// Requests that the rules would have recognised as it.
    #[cfg_attr(feature = "schemas", schema(example = 940))]
    pub after: u64,
}

/// Requests that look alike to rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ClientTrialRow {
    /// The headers that rules can read, as they were kept.
    #[cfg_attr(feature = "schemas", schema(value_type = std::collections::BTreeMap<String, String>,
        example = json!({"user-agent": "claude-cli/2.1.329 (external, cli)", "x-app": "cli"})))]
    pub headers: BTreeMap<String, String>,
    /// How many requests.
    #[cfg_attr(feature = "schemas", schema(example = 900))]
    pub requests: u64,
    /// With how many keys.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub keys: u64,
    /// As what the most of them were recognised when they came; empty = not.
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub before: String,
    /// As what the rules would have recognised them; empty = not.
    #[cfg_attr(feature = "schemas", schema(example = "claude_code"))]
    pub after: String,
    /// The rule that would have; `null` where none does.
    pub rule: Option<ClientRulePlace>,
    /// How many of them would have been refused.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub refused: u64,
}

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ClientRulePlace {
    /// Whether it is a shipped one.
    #[cfg_attr(feature = "schemas", schema(example = true))]
    pub shipped: bool,
    /// Its place, from 0.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub index: u32,
}
