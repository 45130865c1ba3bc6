//! Prices: the product's table, and the organisation's own instead of it.

pub(crate) mod delete;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod put;

use causeway_domain::{price::overrides::Version, provider::Provider};
use causeway_openapi::PriceFigures;
use causeway_store::price_overrides::Recorded;
use serde_json::{Value, json};

/// The provider whose accounts use a section of the table. A service that is only compatible has no preset of its own.
fn preset_of(section: &str) -> Provider {
    let shipped = Provider::SHIPPED.into_iter().find(|provider| provider.as_str() == section);
    shipped.unwrap_or(Provider::ANTHROPIC_COMPATIBLE)
}

pub(crate) fn figures(version: &Version) -> Option<PriceFigures> {
    version.price.as_ref().map(|price| PriceFigures::from(&***price))
}

/// The versions of one name and provider in the order of recording, out of a history that has the newest first.
pub(crate) fn of_name(history: &[Recorded], model: &str, provider: Option<Provider>) -> Vec<Version> {
    let same = |v: &&Version| v.model == model && v.provider == provider;
    history.iter().rev().map(|r| &r.version).filter(same).cloned().collect()
}

/// A line of the audit log.
pub(crate) fn line(version: &Version) -> Value {
    json!({
        "model": version.model,
        "provider": version.provider,
        "from": version.from,
        "price": figures(version),
    })
}
