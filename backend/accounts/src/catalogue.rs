//! What is known of each kind of provider: facts, and no code. One file for each is compiled in (`providers/`); a file at
//! start and the operator's own entries change them or add others.
//!
//! Nothing here asks which provider it is: what differs between them is a field of [`Preset`], so that a provider can be
//! added without touching a line.

pub mod oauth;
mod preset;
pub mod quota;
pub mod shape;
mod shipped;

pub use oauth::OAuth;
pub use preset::{AuthKind, ModelList, Notice, Preset};
pub use quota::QuotaHeaders;
pub use shape::{Betas, Framing, Shape, Signing};

use arc_swap::ArcSwap;
use causeway_domain::provider::Provider;
use std::{collections::HashMap, sync::Arc};

/// The version of Anthropic's API that our own calls speak. Calls of clients keep theirs.
pub const ANTHROPIC_VERSION: &str = "2023-06-01";

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
    now: Arc<ArcSwap<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// In the order a person should see them.
    list: Arc<[Arc<Preset>]>,
    by_id: HashMap<Provider, Arc<Preset>>,
}

impl Catalogue {
    /// What the product knows by itself.
    pub fn shipped() -> Result<Self, BadPreset> {
        let known = Known::new(shipped::presets()?);
        Ok(Self { now: Arc::new(ArcSwap::from_pointee(known)) })
    }

    /// One of them.
    pub fn get(&self, provider: Provider) -> Option<Arc<Preset>> {
        self.now.load().by_id.get(&provider).cloned()
    }

    /// All of them, in the order a person should see them.
    pub fn all(&self) -> Arc<[Arc<Preset>]> {
        self.now.load().list.clone()
    }
}

impl Known {
    fn new(presets: Vec<Preset>) -> Self {
        let list: Arc<[_]> = presets.into_iter().map(Arc::new).collect();
        let by_id = list.iter().map(|preset| (preset.id, preset.clone())).collect();
        Self { list, by_id }
    }
}

#[cfg(test)]
mod tests;
