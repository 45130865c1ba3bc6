//! Prices per million tokens, from the product's table and the organisation's own overrides.

mod figures;

use causeway_domain::{Multiplier, provider::Provider};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use figures::{LongContextFigures, PriceFigures, SetPrice, TierFigures};

/// One model with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceRow {
    /// Model, as the provider names it; with `*` it stands for many.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// Section of the table, or the provider an override is for; empty for a model that only an override for every
    /// provider knows.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic"))]
    pub provider: String,
    /// `chat`, `responses`, `embedding`; empty when unknown.
    #[cfg_attr(feature = "schemas", schema(example = "chat"))]
    pub mode: String,
    /// Largest prompt plus answer, in tokens.
    #[cfg_attr(feature = "schemas", schema(example = 200000))]
    pub context: Option<u64>,
    /// Largest answer, in tokens.
    #[cfg_attr(feature = "schemas", schema(example = 64000))]
    pub max_output: Option<u64>,
    /// Price in the table at present; `null` when the table does not know the model.
    pub table: Option<PriceFigures>,
    /// Later prices in the table, soonest first.
    #[serde(default)]
    pub table_planned: Vec<PlannedPrice>,
    /// The organisation's own price in force, which is used instead; perhaps that of a pattern.
    #[serde(rename = "override")]
    pub own: Option<PriceOverride>,
    /// Own prices for exactly this name that will come into force, soonest first.
    #[serde(default)]
    pub planned: Vec<PriceOverride>,
    /// The operator's price in force for every organisation without one of its own, instead of the table's.
    #[serde(default)]
    pub installation: Option<PriceOverride>,
}

/// A name that the operator has priced for every organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct GlobalPrice {
    /// Model or pattern.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-*"))]
    pub model: String,
    /// The provider it was set for; `null` is for every one.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// The price in force; `null` when it is only planned.
    pub now: Option<PriceOverride>,
    /// Prices that will come into force, soonest first.
    pub planned: Vec<PriceOverride>,
}

/// Everything that the operator has priced for every organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct GlobalPrices {
    /// By name.
    pub items: Vec<GlobalPrice>,
}

/// What is charged for a dollar of cost at a provider, where an organisation has no multiplier of its own there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct GlobalMultiplier {
    /// Its place in the order of recording.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub id: i64,
    /// Provider.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic"))]
    pub provider: String,
    /// What is charged for a dollar; `null` says that it was removed.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "1.2"))]
    pub multiplier: Option<Multiplier>,
    /// When it was recorded; it counts from then on.
    pub recorded_at: DateTime<Utc>,
    /// Name of the person who did; `null` when that is not known any more.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub recorded_by: Option<String>,
    /// Whether it counts now.
    pub in_force: bool,
}

/// The history of multipliers of providers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct GlobalMultipliers {
    /// Newest first.
    pub items: Vec<GlobalMultiplier>,
}

/// A multiplier of a provider for every organisation that has none of its own there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetMultiplier {
    /// What is charged for a dollar of cost, from "0" to "100" with four decimals; `null` removes it.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "1.2"))]
    pub multiplier: Option<Multiplier>,
}

/// A price of the table that is not yet in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlannedPrice {
    /// In force from here on.
    pub from: DateTime<Utc>,
    /// The price.
    pub price: PriceFigures,
}

/// An organisation's own price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceOverride {
    /// The name it was set for: the model, or a pattern that fits it.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-*"))]
    pub model: String,
    /// The provider it was set for; `null` is for every one.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// The price.
    pub price: PriceFigures,
    /// In force from here on.
    pub from: DateTime<Utc>,
    /// When it was set.
    pub updated_at: DateTime<Utc>,
}

/// The whole list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceList {
    /// Where the table's figures come from.
    pub source: String,
    /// The table's version, as it says itself.
    #[cfg_attr(feature = "schemas", schema(example = "2026.11.1"))]
    pub version: Option<String>,
    /// When its figures were collected.
    pub date: Option<NaiveDate>,
    /// Whether it is the operator's own file, and not the table that comes with the product.
    pub custom: bool,
    /// When the operator's file was read.
    pub read_at: Option<DateTime<Utc>>,
    /// Why a newer form of the operator's file is not in use; `null` when there is none.
    pub refused: Option<RefusedTable>,
    /// Whether prices of the organisation's own count. While it is prepaid they do not: the operator sets its prices.
    pub own_count: bool,
    /// The sections of the table, to filter by.
    pub providers: Vec<String>,
    /// The models, by name.
    pub items: Vec<PriceRow>,
}

/// A form of the operator's file that could not be used; the one before still is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct RefusedTable {
    /// Where, and why.
    #[cfg_attr(
        feature = "schemas",
        schema(
            example = "price table: anthropic/claude-haiku-4-5: usd_per_million.input: \"1.2.3\" is not a decimal number of dollars such as \"12.50\""
        )
    )]
    pub problem: String,
    /// When it was found.
    pub at: DateTime<Utc>,
}

/// Which prices to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct PriceQuery {
    /// Part of a model's name, in any case; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "haiku"))]
    pub query: Option<String>,
    /// Only this section of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "anthropic"))]
    pub provider: Option<String>,
    /// Only models with a price of the organisation's own, in force or planned.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
}

/// Which override is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct OverrideQuery {
    /// The provider it is for; absent is the one for every provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
}

/// Everything that was ever said of a model's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceHistory {
    /// The name, as it was asked for.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// What the table in use says of this name.
    pub table: Vec<TablePrice>,
    /// The organisation's own versions, newest first.
    pub versions: Vec<PriceVersion>,
}

/// A price of the table in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct TablePrice {
    /// Section.
    #[cfg_attr(feature = "schemas", schema(example = "anthropic"))]
    pub provider: String,
    /// In force from here on; `null` for the first.
    pub from: Option<DateTime<Utc>>,
    /// The price.
    pub price: PriceFigures,
}

/// One entry of an organisation's own history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceVersion {
    /// Its place in the order of recording.
    #[cfg_attr(feature = "schemas", schema(example = 12))]
    pub id: i64,
    /// For accounts of this provider only; `null` is for all.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
    pub provider: Option<Provider>,
    /// In force from here on.
    pub from: DateTime<Utc>,
    /// The price; `null` says that the override was removed.
    pub price: Option<PriceFigures>,
    /// The price that it takes the place of, among the organisation's own.
    pub before: Option<PriceFigures>,
    /// How it stands now.
    pub state: PriceState,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Name of the person who did; `null` when that is not known any more.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub recorded_by: Option<String>,
}

/// How a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceState {
    /// New requests are billed by it.
    InForce,
    /// It will come into force.
    Planned,
    /// It was in force, was replaced before it was, or is a removal.
    Past,
}
