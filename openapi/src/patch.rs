//! Telling "leave it" from "clear it" in a change: an absent field is `None`, `null` is `Some(None)`.

use serde::{Deserialize, Deserializer};

/// A field of a change that can be left, cleared or set.
pub type Patch<T> = Option<Option<T>>;

/// For `#[serde(deserialize_with)]` beside `#[serde(default)]`: what is present is `Some`, even `null`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Patch<T>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// For fields that can be left or set but not cleared: `null` is refused instead of being taken for "leave it".
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}
