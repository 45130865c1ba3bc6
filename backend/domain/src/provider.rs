//! Which kinds of upstream there are. The facts about each (addresses, headers) are the catalogue in `accounts`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A provider preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Anthropic's own API, by API key.
    Anthropic,
    /// Any other service that speaks Anthropic Messages at a base URL of its own.
    AnthropicCompatible,
}

impl Provider {
    /// All of them, in the order a person should see them.
    pub const ALL: [Self; 2] = [Self::Anthropic, Self::AnthropicCompatible];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::AnthropicCompatible => "anthropic-compatible",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A provider name that no preset has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider {0:?}: one of anthropic, anthropic-compatible")]
pub struct UnknownProvider(pub String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.as_str() == s).ok_or_else(|| UnknownProvider(s.to_owned()))
    }
}
