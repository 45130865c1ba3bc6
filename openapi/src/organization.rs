//! The organisation's own settings.

use crate::{
    operator::PlanUse,
    patch::{Patch, given, present},
    prices::PriceFigures,
};
use causeway_domain::{Limits, Multiplier, OrgId, Plan, ProxyId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An organisation by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct OrganizationRef {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: OrgId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub name: String,
    /// Name in addresses: lower case letters, digits and dashes.
    #[cfg_attr(feature = "schemas", schema(example = "analytical-engines"))]
    pub slug: String,
}

/// An organisation with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Organization {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub id: OrgId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub name: String,
    /// Name in addresses.
    #[cfg_attr(feature = "schemas", schema(example = "analytical-engines"))]
    pub slug: String,
    /// IANA time zone in which days, weeks and months are counted.
    #[cfg_attr(feature = "schemas", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// First day of the week: 1 = Monday … 7 = Sunday.
    #[cfg_attr(feature = "schemas", schema(example = 1, minimum = 1, maximum = 7))]
    pub week_start: u8,
    /// Time of day at which a day begins, `HH:MM` in the time zone.
    #[cfg_attr(
        feature = "schemas",
        schema(example = "00:00", pattern = "^([01][0-9]|2[0-3]):(00|15|30|45)$")
    )]
    pub day_start: String,
    /// Seconds for which an answer is read on after its client has left, so that the bill equals the provider's.
    #[cfg_attr(feature = "schemas", schema(example = 10, minimum = 0, maximum = 600))]
    pub drain_seconds: u32,
    /// Price of models that no table knows; `null` refuses them.
    pub default_price: Option<PriceFigures>,
    /// The limits it sets itself, over all of its keys. What is absent is unlimited.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Limits))]
    pub limits: Limits,
    /// What the operator of the installation allows it.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Plan))]
    pub plan: Plan,
    /// What it has of what the plan counts.
    pub plan_in_use: PlanUse,
    /// What it is charged for a dollar of cost, as a decimal string; set by the operator.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1"))]
    pub multiplier: Multiplier,
    /// The same at one provider, on top, by the provider's name; set by the operator.
    #[cfg_attr(feature = "schemas", schema(value_type = BTreeMap<String, String>, example = json!({"anthropic": "1.1"})))]
    pub provider_multipliers: BTreeMap<String, Multiplier>,
    /// How much a request reserves.
    pub hold_mode: HoldMode,
    /// What happens to requests while the live counters are away.
    pub on_redis_loss: OnRedisLoss,
    /// When its accounts are checked that have no schedule of their own: five fields of cron in `time_zone`; `null` = never.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = "0 6 * * 1-5"))]
    pub check_schedule: Option<String>,
    /// Whether `model(high)` asks for `model` with a level of thinking.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(example = false))]
    pub thinking_suffix: bool,
    /// The proxy of accounts of which neither they nor their pools say anything else; `null` = straight to the provider.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub default_proxy_id: Option<ProxyId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// How much a request reserves of every budget before it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldMode {
    /// The most it could cost: a budget is never exceeded. Near its end a budget refuses requests that would have fitted.
    #[default]
    Strict,
    /// What requests like it have cost: budgets are used to their end, and may be exceeded by what is running.
    Expected,
}

/// What happens to requests while the live counters are away or being refilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnRedisLoss {
    /// They are refused with 503 and told when to come back: no limit is exceeded.
    #[default]
    Refuse,
    /// They are let through and counted afterwards: limits may be exceeded meanwhile.
    Allow,
}

/// A change of settings. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateOrganization {
    /// Name as shown, 1–100 characters.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(example = "Analytical Engines", min_length = 1, max_length = 100)
    )]
    pub name: Option<String>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = "Europe/Berlin"))]
    pub time_zone: Option<String>,
    /// First day of the week: 1 = Monday … 7 = Sunday.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 1, minimum = 1, maximum = 7))]
    pub week_start: Option<u8>,
    /// Time of day at which a day begins, `HH:MM`; a quarter of an hour, because usage is summed by those.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(
        feature = "schemas",
        schema(nullable = false, example = "04:00", pattern = "^([01][0-9]|2[0-3]):(00|15|30|45)$")
    )]
    pub day_start: Option<String>,
    /// Seconds for which an answer is read on after its client has left, 0–600.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = 10, minimum = 0, maximum = 600))]
    pub drain_seconds: Option<u32>,
    /// Price of models that no table knows; `null` refuses them.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<PriceFigures>))]
    pub default_price: Patch<PriceFigures>,
    /// The limits over all of its keys, all of them anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, value_type = Option<crate::schema::Limits>))]
    pub limits: Option<Limits>,
    /// How much a request reserves.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub hold_mode: Option<HoldMode>,
    /// What happens to requests while the live counters are away.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false))]
    pub on_redis_loss: Option<OnRedisLoss>,
    /// When its accounts are checked that have no schedule of their own: five fields of cron (minute, hour, day of the month,
    /// month, day of the week) in `time_zone`; `null` = never. A check uses no tokens and costs nothing.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0 6 * * 1-5", max_length = 100))]
    pub check_schedule: Patch<String>,
    /// Whether `model(high)` asks for `model` with a level of thinking.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schema(nullable = false, example = true))]
    pub thinking_suffix: Option<bool>,
    /// The proxy of accounts of which neither they nor their pools say anything else; `null` = straight to the provider.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub default_proxy_id: Patch<ProxyId>,
}
