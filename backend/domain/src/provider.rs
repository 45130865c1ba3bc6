//! Which kinds of upstream there are: names only. What differs between them (addresses, headers, request shapes) is
//! data, in the catalogue in `accounts`, to which an operator can add.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// The longest name, in bytes.
const MOST: usize = 31;

/// The name of a provider: lower-case letters, digits and dashes. Small enough to be copied like a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provider {
    bytes: [u8; MOST],
    length: u8,
}

impl Provider {
    /// Anthropic's own API.
    pub const ANTHROPIC: Self = Self::known("anthropic");
    /// Any other service that speaks Anthropic Messages at a base URL of its own.
    pub const ANTHROPIC_COMPATIBLE: Self = Self::known("anthropic-compatible");
    /// OpenAI's own API.
    pub const OPENAI: Self = Self::known("openai");
    /// Codex, by a ChatGPT subscription.
    pub const CODEX: Self = Self::known("codex");
    /// Any other service that speaks OpenAI Chat at a base URL of its own.
    pub const OPENAI_COMPATIBLE: Self = Self::known("openai-compatible");
    /// OpenAI's models at Azure.
    pub const AZURE_OPENAI: Self = Self::known("azure-openai");
    /// Google's Gemini API.
    pub const GEMINI: Self = Self::known("gemini");
    /// Google Cloud's Vertex AI.
    pub const VERTEX: Self = Self::known("vertex");
    /// Amazon Bedrock.
    pub const BEDROCK: Self = Self::known("bedrock");
    /// Moonshot's Kimi.
    pub const KIMI: Self = Self::known("kimi");
    /// Alibaba's Qwen.
    pub const QWEN: Self = Self::known("qwen");
    /// xAI's Grok.
    pub const XAI: Self = Self::known("xai");
    /// GitHub Copilot.
    pub const GITHUB_COPILOT: Self = Self::known("github-copilot");

    /// Those that the product knows by itself, in the order a person should see them. An operator may have more.
    pub const SHIPPED: [Self; 13] = [
        Self::ANTHROPIC,
        Self::ANTHROPIC_COMPATIBLE,
        Self::OPENAI,
        Self::CODEX,
        Self::OPENAI_COMPATIBLE,
        Self::AZURE_OPENAI,
        Self::GEMINI,
        Self::VERTEX,
        Self::BEDROCK,
        Self::KIMI,
        Self::QWEN,
        Self::XAI,
        Self::GITHUB_COPILOT,
    ];

    const fn known(name: &str) -> Self {
        match Self::checked(name.as_bytes()) {
            Some(provider) => provider,
            None => panic!("not the name of a provider"),
        }
    }

    const fn checked(name: &[u8]) -> Option<Self> {
        if name.is_empty() || name.len() > MOST || name[0] == b'-' {
            return None;
        }
        let mut bytes = [0; MOST];
        let mut i = 0;
        while i < name.len() {
            if !matches!(name[i], b'a'..=b'z' | b'0'..=b'9' | b'-') {
                return None;
            }
            bytes[i] = name[i];
            i += 1;
        }
        // At most 31.
        #[expect(clippy::cast_possible_truncation, reason = "the length was compared above")]
        Some(Self { bytes, length: name.len() as u8 })
    }

    /// As stored and as shown in JSON.
    pub fn as_str(&self) -> &str {
        // Made of ASCII only.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that cannot be a provider's name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a provider: 1 to 31 of a-z, 0-9 and - are")]
pub struct BadProvider(pub String);

impl FromStr for Provider {
    type Err = BadProvider;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::checked(s.as_bytes()).ok_or_else(|| BadProvider(s.to_owned()))
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_text_and_in_json() {
        for provider in Provider::SHIPPED {
            assert_eq!(provider.to_string().parse(), Ok(provider));
            let json = serde_json::to_string(&provider).unwrap();
            assert_eq!(json, format!("\"{provider}\""));
            assert_eq!(serde_json::from_str::<Provider>(&json).unwrap(), provider);
        }
        let own: Provider = "my-relay-2".parse().unwrap();
        assert_eq!(own.as_str(), "my-relay-2");
    }

    #[test]
    fn what_could_break_a_key_or_a_header_is_no_name() {
        for bad in ["", "-a", "A", "a b", "a:b", "ä", "a_b", &"a".repeat(32)] {
            assert_eq!(bad.parse::<Provider>(), Err(BadProvider(bad.to_owned())));
        }
        assert!("a".repeat(31).parse::<Provider>().is_ok());
    }
}
