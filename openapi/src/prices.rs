//! Prices per million tokens, from the product's table and the organisation's own overrides.

use causeway_domain::{
    Nanos,
    price::{LongContext, Price, Rates},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One model with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceRow {
    /// Model, as the provider names it.
    #[cfg_attr(feature = "schemas", schema(example = "claude-haiku-4-5"))]
    pub model: String,
    /// Section of the table; empty for a model that only an override knows.
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
    /// Price in the table; `null` when the table does not know the model.
    pub table: Option<PriceFigures>,
    /// The organisation's own price, which is used instead.
    #[serde(rename = "override")]
    pub own: Option<PriceOverride>,
}

/// An organisation's own price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceOverride {
    /// The price.
    pub price: PriceFigures,
    /// When it was set.
    pub updated_at: DateTime<Utc>,
}

/// The whole list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PriceList {
    /// Where the table's figures come from.
    pub source: String,
    /// The models, by name.
    pub items: Vec<PriceRow>,
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
}

/// Dollars per million tokens, as decimal strings. Cache prices that are absent in an input follow from `input`: a
/// tenth to read, 1.25 times to write for five minutes, twice to write for an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceFigures {
    /// Uncached input.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "1.00"))]
    pub input: Nanos,
    /// Output, thinking included.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "5.00"))]
    pub output: Nanos,
    /// Input read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.10"))]
    pub cache_read: Option<Nanos>,
    /// Input written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "1.25"))]
    pub cache_write_5m: Option<Nanos>,
    /// Input written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "2.00"))]
    pub cache_write_1h: Option<Nanos>,
    /// Other prices for the whole request once its prompt is above a size, smallest size first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub long_context: Vec<LongContextFigures>,
    /// Dollars for each search that the provider makes on its own (the `web_search` tool); 0.01 where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.01"))]
    pub web_search: Option<Nanos>,
}

/// Dollars per million tokens for prompts above a size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LongContextFigures {
    /// Input tokens, cached or not, above which these prices apply.
    #[cfg_attr(feature = "schemas", schema(example = 200000))]
    pub above_tokens: u64,
    /// Uncached input.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "6.00"))]
    pub input: Nanos,
    /// Output, thinking included.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "22.50"))]
    pub output: Nanos,
    /// Input read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.60"))]
    pub cache_read: Option<Nanos>,
    /// Input written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "7.50"))]
    pub cache_write_5m: Option<Nanos>,
    /// Input written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "12.00"))]
    pub cache_write_1h: Option<Nanos>,
}

/// What Anthropic asks for a search, in nano-dollars: charged too often rather than not at all.
const USUAL_WEB_SEARCH: i64 = 10_000_000;

impl From<&Price> for PriceFigures {
    fn from(price: &Price) -> Self {
        let Rates { input, output, cache_read, cache_write_5m, cache_write_1h } = price.base;
        Self {
            input: Nanos(input),
            output: Nanos(output),
            cache_read: Some(Nanos(cache_read)),
            cache_write_5m: Some(Nanos(cache_write_5m)),
            cache_write_1h: Some(Nanos(cache_write_1h)),
            long_context: price.long_context.iter().map(LongContextFigures::from).collect(),
            web_search: Some(Nanos(price.web_search)),
        }
    }
}

impl From<&LongContext> for LongContextFigures {
    fn from(tier: &LongContext) -> Self {
        let Rates { input, output, cache_read, cache_write_5m, cache_write_1h } = tier.rates;
        Self {
            above_tokens: tier.above_tokens,
            input: Nanos(input),
            output: Nanos(output),
            cache_read: Some(Nanos(cache_read)),
            cache_write_5m: Some(Nanos(cache_write_5m)),
            cache_write_1h: Some(Nanos(cache_write_1h)),
        }
    }
}

impl From<&PriceFigures> for Price {
    fn from(figures: &PriceFigures) -> Self {
        let nanos = |n: Option<Nanos>| n.map(|n| n.0);
        let mut long_context: Vec<_> = figures
            .long_context
            .iter()
            .map(|t| LongContext {
                above_tokens: t.above_tokens,
                rates: Rates::with_defaults(
                    t.input.0,
                    t.output.0,
                    nanos(t.cache_read),
                    nanos(t.cache_write_5m),
                    nanos(t.cache_write_1h),
                ),
            })
            .collect();
        long_context.sort_by_key(|t| t.above_tokens);
        let base = Rates::with_defaults(
            figures.input.0,
            figures.output.0,
            nanos(figures.cache_read),
            nanos(figures.cache_write_5m),
            nanos(figures.cache_write_1h),
        );
        let web_search = figures.web_search.map_or(USUAL_WEB_SEARCH, |n| n.0);
        Self { base, long_context, web_search }
    }
}
