//! The form of a price file: what a person writes and a diff shows. Turned into integers here, and nowhere else.
//!
//! Dollars per million tokens are decimal strings. An unknown field is refused: a misspelt `tiers` would otherwise
//! bill priority at standard rates in silence.

use super::{LongContext, Price, Rates, Schedule, ServiceTier, scaled};
use crate::money::Nanos;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;

/// Everything in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) source: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) date: Option<NaiveDate>,
    /// For readers.
    #[serde(default, rename = "unit")]
    _unit: de::IgnoredAny,
    #[serde(default)]
    pub(super) fees: BTreeMap<String, Fees>,
    /// Whose models are sold by a provider that has no section of its own, by their names.
    #[serde(default)]
    pub(super) home: BTreeMap<String, String>,
    pub(super) providers: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// What a provider asks for besides tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fees {
    web_search_usd_per_thousand: Option<String>,
}

/// One model, or a pattern of models.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) mode: String,
    usd_per_million: Dollars,
    #[serde(default)]
    tiers: BTreeMap<String, Dollars>,
    #[serde(default)]
    long_context: Vec<Above>,
    /// Later prices, each whole in itself.
    #[serde(default)]
    pub(super) changes: Vec<Change>,
    pub(super) context: Option<u64>,
    pub(super) max_output: Option<u64>,
    /// Not about money.
    #[serde(default, rename = "supports")]
    _supports: de::IgnoredAny,
    #[serde(default, rename = "deprecated_on")]
    _deprecated_on: de::IgnoredAny,
}

/// A price from a date on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(deserialize_with = "instant")]
    pub(super) from: DateTime<Utc>,
    usd_per_million: Dollars,
    #[serde(default)]
    tiers: BTreeMap<String, Dollars>,
    #[serde(default)]
    long_context: Vec<Above>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Above {
    above_tokens: u64,
    usd_per_million: Dollars,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dollars {
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
    /// Of the part of the output that was reasoning.
    reasoning: Option<String>,
    /// Only within a tier: its own rates for long prompts.
    #[serde(default)]
    long_context: Vec<Above>,
}

/// A field and what is wrong with it.
pub(super) type Bad = (String, String);

/// A date, which begins at midnight in UTC, or a moment.
fn instant<'de, D: Deserializer<'de>>(d: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(d)?;
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| text.parse())
        .map_err(|_| de::Error::custom(format!("{text:?} is no date such as \"2027-01-31\"")))
}

impl Fees {
    /// Nano-dollars for one search.
    pub(super) fn web_search(&self) -> Result<i64, Bad> {
        let field = "web_search_usd_per_thousand";
        Ok(amount(field, self.web_search_usd_per_thousand.as_deref())?.unwrap_or(0) / 1000)
    }
}

impl Entry {
    pub(super) fn price(&self, web_search: i64) -> Result<Price, Bad> {
        price(&self.usd_per_million, &self.tiers, &self.long_context, web_search)
    }
}

impl Change {
    pub(super) fn price(&self, web_search: i64) -> Result<Price, Bad> {
        price(&self.usd_per_million, &self.tiers, &self.long_context, web_search)
    }
}

fn price(
    standard: &Dollars,
    tiers: &BTreeMap<String, Dollars>,
    long: &[Above],
    web_search: i64,
) -> Result<Price, Bad> {
    if standard.input.is_none() {
        return Err(("usd_per_million.input".to_owned(), "missing; \"0\" is for free".to_owned()));
    }
    if !standard.long_context.is_empty() {
        return Err((
            "usd_per_million.long_context".to_owned(),
            "stands beside usd_per_million, not in it".to_owned(),
        ));
    }
    let base = standard.rates("usd_per_million", None)?;
    let standard = Schedule { base, long_context: thresholds("long_context", long, &base)? };
    let mut own = BTreeMap::new();
    for (name, dollars) in tiers {
        let place = format!("tiers.{name}");
        let tier = match name.parse() {
            Ok(ServiceTier::Standard) => {
                return Err((place, "standard is usd_per_million itself".to_owned()));
            }
            Ok(tier) => tier,
            Err(unknown) => return Err((place, unknown.to_string())),
        };
        let rates = dollars.rates(&place, Some(&base))?;
        let mut schedule = standard.of_tier(rates);
        if !dollars.long_context.is_empty() {
            schedule.long_context =
                thresholds(&format!("{place}.long_context"), &dollars.long_context, &rates)?;
        }
        own.insert(tier, schedule);
    }
    Ok(Price { standard, tiers: own, web_search })
}

fn thresholds(place: &str, list: &[Above], base: &Rates) -> Result<Vec<LongContext>, Bad> {
    let mut thresholds = Vec::new();
    for above in list {
        let rates = above.usd_per_million.rates(place, Some(base))?;
        thresholds.push(LongContext { above_tokens: above.above_tokens, rates });
    }
    thresholds.sort_by_key(|t| t.above_tokens);
    match thresholds.windows(2).find(|two| two[0].above_tokens == two[1].above_tokens) {
        None => Ok(thresholds),
        Some(two) => Err((place.to_owned(), format!("above_tokens {} is there twice", two[0].above_tokens))),
    }
}

fn amount(field: &str, text: Option<&str>) -> Result<Option<i64>, Bad> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<Nanos>() {
        Ok(n) if n.0 >= 0 => Ok(Some(n.0)),
        Ok(_) => Err((field.to_owned(), format!("{text:?} is negative"))),
        Err(problem) => Err((field.to_owned(), format!("{text:?} is {problem}"))),
    }
}

impl Dollars {
    /// Dollars per million tokens are nano-dollars per million tokens once parsed as money.
    ///
    /// What is not listed: beside `base`, input and output are as there, and cache prices stand in the same
    /// proportion to the input price as there. Without one, output is zero (embeddings have none) and cache prices
    /// follow the usual ratios.
    fn rates(&self, place: &str, base: Option<&Rates>) -> Result<Rates, Bad> {
        let read = |name: &str, text: &Option<String>| amount(&format!("{place}.{name}"), text.as_deref());
        let input = read("input", &self.input)?.or(base.map(|b| b.input)).unwrap_or(0);
        let output = read("output", &self.output)?.or(base.map(|b| b.output)).unwrap_or(0);
        let follow =
            |rate: fn(&Rates) -> i64| base.filter(|b| b.input > 0).map(|b| scaled(rate(b), input, b.input));
        let usual = Rates::with_defaults(
            input,
            output,
            read("cache_read", &self.cache_read)?.or_else(|| follow(|r| r.cache_read)),
            read("cache_write_5m", &self.cache_write_5m)?.or_else(|| follow(|r| r.cache_write_5m)),
            read("cache_write_1h", &self.cache_write_1h)?.or_else(|| follow(|r| r.cache_write_1h)),
        );
        // Reasoning costs what output costs, unless the standard price says otherwise.
        let apart = base.filter(|b| b.output > 0).and_then(|b| Some(scaled(b.reasoning?, output, b.output)));
        let reasoning = read("reasoning", &self.reasoning)?.or(apart).filter(|rate| *rate != output);
        Ok(Rates { reasoning, ..usual })
    }
}
