//! From what is shipped, what a file says and what the operator has said to one entry: merged as RFC 7396 has it.

use super::{BadPreset, Preset};
use causeway_domain::provider::Provider;
use causeway_store::providers::{Confirmation, StoredProvider};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Where a provider comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The product ships it.
    Shipped,
    /// `PROVIDERS_FILE` adds it.
    File,
    /// The operator has added it.
    Operator,
}

/// A provider with what the operator has said of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The facts as they count. Its client id is only there where authorisations are open.
    pub preset: Arc<Preset>,
    /// Where it comes from.
    pub source: Source,
    /// Whether accounts may be there.
    pub enabled: bool,
    /// What the operator has changed.
    pub changes: Value,
    /// With what this installation asks for authorisations.
    pub client_id: Option<String>,
    /// Sealed: `SealingKey::open_client_secret`.
    pub client_secret: Option<Vec<u8>>,
    /// What was confirmed before a subscription was switched on.
    pub confirmation: Option<Confirmation>,
}

/// A provider without the database.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) id: Provider,
    source: Source,
    json: Value,
}

impl Base {
    /// One that is shipped.
    pub(super) fn shipped(name: &str, json: &str) -> Result<Self, BadPreset> {
        let bad = |problem: String| BadPreset { provider: name.to_owned(), problem };
        let id = name.parse().map_err(|e| bad(format!("{e}")))?;
        let json = serde_json::from_str(json).map_err(|e| bad(e.to_string()))?;
        Ok(Self { id, source: Source::Shipped, json })
    }

    /// One of which nothing is known but what the operator says.
    pub(super) fn own(id: Provider) -> Self {
        Self { id, source: Source::Operator, json: Value::Object(Map::new()) }
    }

    /// The entry.
    pub(super) fn entry(&self, stored: Option<&StoredProvider>) -> Result<Entry, BadPreset> {
        let mut json = self.json.clone();
        if let Some(stored) = stored {
            merge(&mut json, &stored.changes);
        }
        let name = self.id.as_str();
        if let Value::Object(fields) = &mut json {
            // Nobody has to repeat it, and nobody may make it another.
            fields.insert("id".to_owned(), name.into());
        }
        let mut preset = Preset::of(name, json)?;
        let enabled = stored.and_then(|stored| stored.enabled);
        let client_id = stored.and_then(|stored| stored.client_id.clone());
        let confirmation = stored.and_then(|stored| stored.confirmation.clone());
        let open = !preset.subscription || (enabled == Some(true) && confirmation.is_some());
        if let Some(oauth) = &mut preset.oauth {
            let given = client_id.clone().or(oauth.client_id.take());
            oauth.client_id = given.filter(|_| open);
        }
        Ok(Entry {
            preset: Arc::new(preset),
            source: self.source,
            enabled: enabled.unwrap_or(true),
            changes: stored.map_or_else(|| Value::Object(Map::new()), |stored| stored.changes.clone()),
            client_id,
            client_secret: stored.and_then(|stored| stored.client_secret.clone()),
            confirmation,
        })
    }
}

/// What a file adds to what is shipped, or changes of it.
pub(super) fn with_file(mut bases: Vec<Base>, said: Map<String, Value>) -> Result<Vec<Base>, BadPreset> {
    for (name, json) in said {
        let bad = |problem: String| BadPreset { provider: name.clone(), problem };
        let id: Provider = name.parse().map_err(|e| bad(format!("{e}")))?;
        match bases.iter_mut().find(|base| base.id == id) {
            Some(base) => merge(&mut base.json, &json),
            None => bases.push(Base { id, source: Source::File, json }),
        }
    }
    Ok(bases)
}

/// Everything. What the operator has said and this version cannot read does not count, and what it was about stays as it
/// is without: a provider must not disappear because the product has changed.
pub(super) fn entries(bases: &[Base], stored: &[StoredProvider]) -> Vec<Entry> {
    let said = |id: Provider| stored.iter().find(|stored| stored.id == id);
    let known = bases.iter().filter_map(|base| {
        let entry = base.entry(said(base.id)).or_else(|problem| {
            tracing::error!(%problem, "what was changed of a provider does not count");
            base.entry(None)
        });
        entry.ok()
    });
    let own = stored.iter().filter(|stored| bases.iter().all(|base| base.id != stored.id));
    let own = own.filter_map(|stored| {
        let entry = Base::own(stored.id).entry(Some(stored));
        entry.inspect_err(|problem| tracing::error!(%problem, "a provider is left out")).ok()
    });
    known.chain(own).collect()
}

/// RFC 7396: objects are merged, `null` removes, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
