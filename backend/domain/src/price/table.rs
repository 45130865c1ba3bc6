//! The price table: a JSON file that a person can read, edit and diff, parsed once into integers.
//!
//! The file is `data/prices.json` and names its own source and date. Dollars per million tokens are decimal
//! strings there; nothing is ever read as a floating point number.

use super::{LongContext, Price, Rates, Snapshot};
use crate::{money::Nanos, provider::Provider};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// The table that the product ships.
pub const SHIPPED: &str = include_str!("../../data/prices.json");

/// Everything known about the models of every provider.
#[derive(Clone, Debug)]
pub struct PriceTable {
    /// Where the figures come from, as the file says.
    pub source: String,
    providers: BTreeMap<String, BTreeMap<String, Arc<Model>>>,
}

/// One model of one provider.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name as the provider spells it.
    pub name: String,
    /// The provider's section in the file.
    pub provider: String,
    /// Prices.
    pub price: Arc<Snapshot>,
    /// The largest prompt plus answer, in tokens.
    pub context: Option<u64>,
    /// The largest answer, in tokens.
    pub max_output: Option<u64>,
    /// `chat`, `responses`, `embedding`.
    pub mode: String,
}

/// A table that cannot be used: where, and why.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not the JSON that is expected.
    #[error("price table: {0}")]
    Json(#[from] serde_json::Error),
    /// A figure that is no amount.
    #[error("price table: {provider}/{model}: {field}: {problem}")]
    Figure {
        /// Section.
        provider: String,
        /// Model.
        model: String,
        /// Field.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
struct File {
    source: String,
    #[serde(default)]
    fees: BTreeMap<String, Fees>,
    providers: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// What a provider asks for besides tokens.
#[derive(Deserialize)]
struct Fees {
    web_search_usd_per_thousand: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    mode: String,
    usd_per_million: Dollars,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    long_context: Vec<Tier>,
}

#[derive(Deserialize)]
struct Tier {
    above_tokens: u64,
    usd_per_million: Dollars,
}

#[derive(Deserialize)]
struct Dollars {
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write_5m: Option<String>,
    cache_write_1h: Option<String>,
}

impl Dollars {
    /// Dollars per million tokens are nano-dollars per million tokens once parsed as money. A price that is
    /// not listed falls back to `base` where there is one, else to zero (embeddings have no output).
    fn rates(&self, base: Option<&Rates>) -> Result<Rates, (&'static str, String)> {
        let read = |field, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => match text.parse::<Nanos>() {
                Ok(n) if n.0 >= 0 => Ok(Some(n.0)),
                Ok(_) => Err((field, "negative".to_owned())),
                Err(e) => Err((field, format!("{text:?} is {e}"))),
            },
        };
        let input = read("input", &self.input)?.or(base.map(|b| b.input)).unwrap_or(0);
        let output = read("output", &self.output)?.or(base.map(|b| b.output)).unwrap_or(0);
        Ok(Rates::with_defaults(
            input,
            output,
            read("cache_read", &self.cache_read)?,
            read("cache_write_5m", &self.cache_write_5m)?,
            read("cache_write_1h", &self.cache_write_1h)?,
        ))
    }
}

impl PriceTable {
    /// Reads a table; the first bad figure is named.
    pub fn parse(json: &str) -> Result<Self, TableError> {
        let file: File = serde_json::from_str(json)?;
        let mut providers = BTreeMap::new();
        for (provider, entries) in file.providers {
            let mut models = BTreeMap::new();
            let fee = file.fees.get(&provider).and_then(|f| f.web_search_usd_per_thousand.as_deref());
            let web_search = match fee.map(str::parse::<Nanos>) {
                None => 0,
                Some(Ok(per_thousand)) => per_thousand.0 / 1000,
                Some(Err(problem)) => {
                    return Err(TableError::Figure {
                        provider,
                        model: "fees".to_owned(),
                        field: "web_search_usd_per_thousand",
                        problem: problem.to_string(),
                    });
                }
            };
            for (name, entry) in entries {
                let named = |(field, problem)| TableError::Figure {
                    provider: provider.clone(),
                    model: name.clone(),
                    field,
                    problem,
                };
                let base = entry.usd_per_million.rates(None).map_err(named)?;
                let mut long_context = Vec::new();
                for tier in &entry.long_context {
                    let rates = tier.usd_per_million.rates(Some(&base)).map_err(named)?;
                    long_context.push(LongContext { above_tokens: tier.above_tokens, rates });
                }
                long_context.sort_by_key(|tier| tier.above_tokens);
                let model = Model {
                    name: name.clone(),
                    provider: provider.clone(),
                    price: Arc::new(Snapshot::try_from(Price { base, long_context, web_search })?),
                    context: entry.context,
                    max_output: entry.max_output,
                    mode: entry.mode,
                };
                models.insert(name, Arc::new(model));
            }
            providers.insert(provider, models);
        }
        Ok(Self { source: file.source, providers })
    }

    /// The model as an account of `provider` would serve it. A compatible service has no section of its own: the
    /// name is looked up with Anthropic first and then with everyone, in the order of the file.
    pub fn find(&self, provider: Provider, model: &str) -> Option<&Arc<Model>> {
        let own = self.providers.get("anthropic").and_then(|models| models.get(model));
        match provider {
            Provider::Anthropic => own,
            Provider::AnthropicCompatible => {
                own.or_else(|| self.providers.values().find_map(|m| m.get(model)))
            }
        }
    }

    /// The models of one section of the file, by name.
    pub fn models_of<'a>(&'a self, section: &str) -> impl Iterator<Item = &'a Arc<Model>> + use<'a> {
        self.providers.get(section).into_iter().flat_map(BTreeMap::values)
    }

    /// Every model of every section.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.providers.values().flat_map(BTreeMap::values)
    }
}
