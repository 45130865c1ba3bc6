//! Service tiers: the same model, served faster or later, at another price.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How a request was served. Which tiers there are, and what they cost, is the provider's; a price that says nothing
/// of a tier means its standard rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTier {
    /// As everybody is served.
    #[default]
    Standard,
    /// Ahead of others.
    Priority,
    /// When there is room.
    Flex,
    /// Within a day.
    Batch,
}

impl ServiceTier {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Priority, Self::Flex, Self::Batch];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Priority => "priority",
            Self::Flex => "flex",
            Self::Batch => "batch",
        }
    }

    /// The tier that a provider says it has served a request at. What is unknown, or not said, is billed as standard.
    pub fn reported(name: Option<&str>) -> Self {
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    }
}

impl fmt::Display for ServiceTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no tier has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown service tier {0:?}: one of standard, priority, flex, batch")]
pub struct UnknownTier(pub String);

impl FromStr for ServiceTier {
    type Err = UnknownTier;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|t| t.as_str() == s).ok_or_else(|| UnknownTier(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_does_not_say_is_standard() {
        for (told, tier) in [
            (None, ServiceTier::Standard),
            (Some("standard"), ServiceTier::Standard),
            (Some("priority"), ServiceTier::Priority),
            (Some("batch"), ServiceTier::Batch),
            (Some("default"), ServiceTier::Standard),
            (Some("brand-new"), ServiceTier::Standard),
        ] {
            assert_eq!(ServiceTier::reported(told), tier, "{told:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for tier in ServiceTier::ALL {
            assert_eq!(tier.as_str().parse(), Ok(tier));
            assert_eq!(serde_json::to_value(tier).unwrap(), tier.as_str());
        }
    }
}
