//! What is known of each kind of provider: facts, and no code. One file for each is compiled in (`providers/`); a file at
//! start (`PROVIDERS_FILE`) and the operator's own entries in the database change them or add others.
//!
//! Nothing here asks which provider it is: what differs between them is a field of [`Preset`], so that a provider can be
//! added without touching a line.

mod entry;
pub mod oauth;
mod preset;
pub mod quota;
pub mod shape;
mod shipped;

pub use entry::{Entry, Source};
pub use oauth::OAuth;
pub use preset::{AuthKind, ModelList, Notice, Preset};
pub use quota::QuotaHeaders;
pub use shape::{Betas, Framing, Shape, Signing};

use arc_swap::ArcSwap;
use causeway_domain::provider::Provider;
use causeway_store::{StoreError, View, providers};
use entry::Base;
use std::{collections::HashMap, path::Path, sync::Arc};

/// A preset that cannot be used, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provider {provider}: {problem}")]
pub struct BadPreset {
    /// Whose.
    pub provider: String,
    /// What is wrong.
    pub problem: String,
}

/// All kinds of provider, as they stand at the moment. Cheap to clone; every clone sees a change.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// As they are without the database.
    base: Arc<[Base]>,
    now: Arc<ArcSwap<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Of the database.
    version: i64,
    /// In the order a person should see them.
    entries: Arc<[Arc<Entry>]>,
    /// Those of them that accounts may be at.
    list: Arc<[Arc<Preset>]>,
    by_id: HashMap<Provider, Arc<Preset>>,
}

impl Catalogue {
    /// What the product knows by itself.
    pub fn shipped() -> Result<Self, BadPreset> {
        Self::of(shipped::bases()?)
    }

    /// The same with what a file says: an object of presets by name, each whole, or what differs from the shipped one.
    pub fn with_file(path: &Path) -> Result<Self, BadPreset> {
        let bad = |problem: String| BadPreset { provider: format!("file {}", path.display()), problem };
        let json = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
        let said: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&json).map_err(|e| bad(e.to_string()))?;
        Self::of(entry::with_file(shipped::bases()?, said)?)
    }

    /// The same with what is said besides, in the form of the file.
    pub fn with(&self, said: serde_json::Map<String, serde_json::Value>) -> Result<Self, BadPreset> {
        Self::of(entry::with_file(self.base.to_vec(), said)?)
    }

    fn of(base: Vec<Base>) -> Result<Self, BadPreset> {
        // What is compiled in or given at start must be whole; what the database says may be skipped.
        base.iter().try_for_each(|base| base.entry(None).map(drop))?;
        let known = Known::new(0, entry::entries(&base, &[]));
        Ok(Self { base: base.into(), now: Arc::new(ArcSwap::from_pointee(known)) })
    }

    /// Takes over what the operator has changed, if anything was. One small look where nothing was.
    pub async fn refresh(&self, db: &impl View) -> Result<(), StoreError> {
        let version = providers::version(db).await?;
        if self.now.load().version == version {
            return Ok(());
        }
        // Read after the version: what is newer than that is read again the next time.
        let stored = providers::all(db).await?;
        self.now.store(Arc::new(Known::new(version, entry::entries(&self.base, &stored))));
        Ok(())
    }

    /// One of those that accounts may be at.
    pub fn get(&self, provider: Provider) -> Option<Arc<Preset>> {
        self.now.load().by_id.get(&provider).cloned()
    }

    /// All of those, in the order a person should see them.
    pub fn all(&self) -> Arc<[Arc<Preset>]> {
        self.now.load().list.clone()
    }

    /// Everything, with where it comes from.
    pub fn entries(&self) -> Arc<[Arc<Entry>]> {
        self.now.load().entries.clone()
    }

    /// One of them.
    pub fn entry(&self, provider: Provider) -> Option<Arc<Entry>> {
        self.now.load().entries.iter().find(|entry| entry.preset.id == provider).cloned()
    }

    /// What a provider would be with this said of it.
    pub fn preview(&self, stored: &providers::StoredProvider) -> Result<Entry, BadPreset> {
        match self.base.iter().find(|base| base.id == stored.id) {
            Some(base) => base.entry(Some(stored)),
            None => Base::own(stored.id).entry(Some(stored)),
        }
    }
}

impl Known {
    fn new(version: i64, entries: Vec<Entry>) -> Self {
        let entries: Arc<[_]> = entries.into_iter().map(Arc::new).collect();
        let list: Arc<[_]> = entries.iter().filter(|e| e.enabled).map(|e| e.preset.clone()).collect();
        let by_id = list.iter().map(|preset| (preset.id, preset.clone())).collect();
        Self { version, entries, list, by_id }
    }
}

#[cfg(test)]
mod tests;
