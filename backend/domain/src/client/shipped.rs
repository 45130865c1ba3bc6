//! The rules that come with Causeway.

use super::ClientRule;
use serde::Deserialize;
use std::sync::LazyLock;

/// Which state of the shipped rules this is: the day of their last change.
pub const SHIPPED_VERSION: &str = "2026-11-29";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    rules: Vec<ClientRule>,
}

static FILE: LazyLock<Vec<ClientRule>> = LazyLock::new(|| {
    // A test reads it as well: what is shipped can be read.
    let file: Result<File, _> = serde_json::from_str(include_str!("shipped.json"));
    file.map(|file| if file.version == SHIPPED_VERSION { file.rules } else { Vec::new() }).unwrap_or_default()
});

/// The shipped rules, in order.
pub fn shipped() -> &'static [ClientRule] {
    &FILE
}
