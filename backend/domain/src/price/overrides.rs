//! An organisation's own prices: what was set, from when on, and which one counts for a request.
//!
//! Versions are only ever added. Of one name (and provider), the version in force at a moment is the one with the
//! latest `from` that has come; of two with the same `from` the one recorded later. A removal ends everything that
//! was recorded before it, also what was planned for later. Of several names that fit a model the most exact one with
//! a price in force counts ([`Exactness`]); of equally exact ones that for the account's provider, then the one for
//! any.

use super::Snapshot;
use crate::{
    model::{Exactness, glob_matches},
    provider::Provider,
};
use chrono::{DateTime, Utc};
use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

/// One entry of the history.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its place in the order in which versions were recorded.
    pub id: i64,
    /// For accounts of this provider only; none is for all.
    pub provider: Option<Provider>,
    /// Model, or a pattern with `*`.
    pub model: String,
    /// In force from here on.
    pub from: DateTime<Utc>,
    /// The price; none is a removal.
    pub price: Option<Arc<Snapshot>>,
}

/// The versions of an organisation, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// In the order in which they are looked at.
    named: Vec<Named>,
}

#[derive(Clone, Debug)]
struct Named {
    provider: Option<Provider>,
    model: String,
    /// As recorded.
    versions: Vec<Version>,
}

impl Overrides {
    /// From the history, in any order. What can no longer come into force may be left out.
    pub fn new(versions: Vec<Version>) -> Self {
        let mut by_name: BTreeMap<(String, Option<Provider>), Named> = BTreeMap::new();
        for version in versions {
            let key = (version.model.clone(), version.provider);
            let (provider, model) = (version.provider, version.model.clone());
            let named = by_name.entry(key).or_insert_with(|| Named { provider, model, versions: vec![] });
            named.versions.push(version);
        }
        let mut named: Vec<Named> = by_name.into_values().collect();
        for one in &mut named {
            one.versions.sort_by_key(|v| v.id);
        }
        named.sort_by(looked_at);
        Self { named }
    }

    /// The price for a model at an account of `provider`, if the organisation has its own.
    pub fn find(&self, provider: Provider, model: &str, at: DateTime<Utc>) -> Option<&Arc<Snapshot>> {
        self.version(provider, model, at).and_then(|v| v.price.as_ref())
    }

    /// The same with all that is known of it.
    pub fn version(&self, provider: Provider, model: &str, at: DateTime<Utc>) -> Option<&Version> {
        let fits =
            |one: &&Named| one.provider.is_none_or(|p| p == provider) && glob_matches(&one.model, model);
        self.named.iter().filter(fits).find_map(|one| in_force(&one.versions, at))
    }
}

/// The version in force among those of one name, which come as they were recorded.
pub fn in_force(recorded: &[Version], at: DateTime<Utc>) -> Option<&Version> {
    let mut best: Option<&Version> = None;
    for version in recorded.iter().filter(|v| v.from <= at) {
        if version.price.is_none() {
            best = None;
        } else if best.is_none_or(|b| b.from <= version.from) {
            best = Some(version);
        }
    }
    best
}

/// The versions of one name that will come into force after `at`, soonest first.
pub fn planned(recorded: &[Version], at: DateTime<Utc>) -> Vec<&Version> {
    let mut moments: Vec<_> = recorded.iter().map(|v| v.from).filter(|from| *from > at).collect();
    moments.sort_unstable();
    moments.dedup();
    moments.into_iter().filter_map(|from| in_force(recorded, from).filter(|v| v.from == from)).collect()
}

fn looked_at(a: &Named, b: &Named) -> Ordering {
    let exact = Exactness::of(&b.model).cmp(&Exactness::of(&a.model));
    exact.then_with(|| b.provider.is_some().cmp(&a.provider.is_some()))
}

#[cfg(test)]
mod tests;
