//! The price table: a JSON file that a person can read, edit and diff, parsed once into integers.
//!
//! The shipped one is `data/prices.json`; it names its own version, source and date. An entry may be a pattern with
//! `*`, and may have later prices with the date from which each is in force:
//!
//! ```json
//! {"version": "2027.1", "date": "2027-01-04", "source": "…", "providers": {"anthropic": {"claude-x-*": {
//!   "usd_per_million": {"input": "3", "output": "15"},
//!   "tiers": {"priority": {"input": "6", "output": "30"}},
//!   "long_context": [{"above_tokens": 200000, "usd_per_million": {"input": "6", "output": "22.5"}}],
//!   "changes": [{"from": "2027-03-01", "usd_per_million": {"input": "2", "output": "10"}}]
//! }}}}
//! ```

use super::{Snapshot, file::File};
use crate::{
    model::{Exactness, glob_matches, is_pattern},
    provider::Provider,
};
use chrono::{DateTime, NaiveDate, Utc};
use std::{collections::BTreeMap, sync::Arc};

/// The table that the product ships.
pub const SHIPPED: &str = include_str!("../../data/prices.json");

/// Everything known about the models of every provider.
#[derive(Clone, Debug)]
pub struct PriceTable {
    /// Where the figures come from, as the file says.
    pub source: String,
    /// Its version, as the file says.
    pub version: Option<String>,
    /// When the figures were collected.
    pub date: Option<NaiveDate>,
    sections: BTreeMap<String, Section>,
    /// Where the models of a provider without a section come from.
    home: BTreeMap<String, String>,
}

/// The models of one provider.
#[derive(Clone, Debug, Default)]
struct Section {
    models: BTreeMap<String, Arc<Model>>,
    /// The most exact first.
    patterns: Vec<Arc<Model>>,
}

/// One model of one provider, or a pattern of models.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name as the provider spells it; with `*` it stands for many.
    pub name: String,
    /// The provider's section in the file.
    pub provider: String,
    /// The first price.
    pub first: Arc<Snapshot>,
    /// Later ones with the moment from which they are in force, in order.
    pub changes: Vec<(DateTime<Utc>, Arc<Snapshot>)>,
    /// The largest prompt plus answer, in tokens.
    pub context: Option<u64>,
    /// The largest answer, in tokens.
    pub max_output: Option<u64>,
    /// `chat`, `responses`, `embedding`.
    pub mode: String,
}

impl Model {
    /// The price in force at a moment.
    pub fn price_at(&self, at: DateTime<Utc>) -> &Arc<Snapshot> {
        self.changes.iter().rev().find(|(from, _)| *from <= at).map_or(&self.first, |(_, price)| price)
    }
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
        field: String,
        /// What is wrong.
        problem: String,
    },
}

impl PriceTable {
    /// Reads a table; the first bad figure is named.
    pub fn parse(json: &str) -> Result<Self, TableError> {
        let file: File = serde_json::from_str(json)?;
        let mut sections = BTreeMap::new();
        for (provider, entries) in file.providers {
            let at = |model: &str| {
                let (provider, model) = (provider.clone(), model.to_owned());
                move |(field, problem)| TableError::Figure { provider, model, field, problem }
            };
            let fees = file.fees.get(&provider).map(super::file::Fees::web_search);
            let web_search = fees.transpose().map_err(at("fees"))?.unwrap_or(0);
            let mut section = Section::default();
            for (name, entry) in entries {
                let first = entry.price(web_search).map_err(at(&name))?;
                let mut changes = BTreeMap::new();
                for change in &entry.changes {
                    let price = change.price(web_search).map_err(at(&name))?;
                    if changes.insert(change.from, Arc::new(Snapshot::try_from(price)?)).is_some() {
                        let problem = format!("two prices from {} on", change.from);
                        return Err(at(&name)(("changes".to_owned(), problem)));
                    }
                }
                let model = Arc::new(Model {
                    name: name.clone(),
                    provider: provider.clone(),
                    first: Arc::new(Snapshot::try_from(first)?),
                    changes: changes.into_iter().collect(),
                    context: entry.context,
                    max_output: entry.max_output,
                    mode: entry.mode,
                });
                if is_pattern(&name) {
                    section.patterns.push(model);
                } else {
                    section.models.insert(name, model);
                }
            }
            section.patterns.sort_by(|a, b| Exactness::of(&b.name).cmp(&Exactness::of(&a.name)));
            sections.insert(provider, section);
        }
        Ok(Self { source: file.source, version: file.version, date: file.date, sections, home: file.home })
    }

    /// The model as an account of `provider` would serve it.
    ///
    /// In a section an exact name goes before every pattern, and of the patterns the most exact one counts. A provider
    /// with a section of its own sells what is in there, and nothing else. One without, or one whose name says that it
    /// is only compatible, may sell anybody's models: the name is looked up in its own section if it has one, then
    /// where the file says that its models come from (`home`, else Anthropic), and after that with everyone, in the
    /// order of their names; exact names everywhere go before patterns.
    pub fn find(&self, provider: Provider, model: &str) -> Option<&Arc<Model>> {
        let name = provider.as_str();
        let own = self.sections.get(name);
        if let Some(section) = own.filter(|_| !name.ends_with("-compatible")) {
            return section.models.get(model).or_else(|| section.by_pattern(model));
        }
        let places = || {
            let home = self.home.get(name).map_or("anthropic", String::as_str);
            let rest = self.sections.iter().filter(move |(other, _)| ![name, home].contains(&other.as_str()));
            let first = own.into_iter().chain(self.sections.get(home));
            first.chain(rest.map(|(_, section)| section))
        };
        places()
            .find_map(|section| section.models.get(model))
            .or_else(|| places().find_map(|section| section.by_pattern(model)))
    }

    /// The models of one section of the file, by name, without patterns.
    pub fn models_of<'a>(&'a self, section: &str) -> impl Iterator<Item = &'a Arc<Model>> + use<'a> {
        self.sections.get(section).into_iter().flat_map(|s| s.models.values())
    }

    /// Every entry of every section, patterns too.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.sections.values().flat_map(|s| s.models.values().chain(&s.patterns))
    }
}

impl Section {
    fn by_pattern(&self, model: &str) -> Option<&Arc<Model>> {
        self.patterns.iter().find(|entry| glob_matches(&entry.name, model))
    }
}
