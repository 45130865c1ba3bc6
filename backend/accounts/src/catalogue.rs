//! What is known of each kind of provider: facts, compiled in.

use crate::AuthHeader;
use causeway_domain::{provider::Provider, timeouts::Timeouts};

/// The version of Anthropic's API that our own calls speak. Calls of clients keep theirs.
pub const ANTHROPIC_VERSION: &str = "2023-06-01";

/// The facts about one kind of provider.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Which kind.
    pub provider: Provider,
    /// Name as shown.
    pub name: &'static str,
    /// Where its API is, without `/v1`; `None` where each account says so itself.
    pub base_url: Option<&'static str>,
    /// How an API key is usually presented.
    pub auth: AuthHeader,
    /// What its API keys begin with.
    pub key_prefix: Option<&'static str>,
    /// Where a person gets an API key.
    pub keys_page: Option<&'static str>,
    /// Headers that every call of our own carries besides the credential.
    pub headers: &'static [(&'static str, &'static str)],
    /// How long it may take, where that differs from the settings. An account may differ again.
    pub timeouts: Timeouts,
    /// Where its models are listed, below the base URL.
    pub models_path: &'static str,
}

/// All presets, in the order a person should see them.
pub const PRESETS: [Preset; 2] = [
    Preset {
        provider: Provider::Anthropic,
        name: "Anthropic",
        base_url: Some("https://api.anthropic.com"),
        auth: AuthHeader::XApiKey,
        key_prefix: Some("sk-ant-"),
        keys_page: Some("https://console.anthropic.com/settings/keys"),
        headers: &[("anthropic-version", ANTHROPIC_VERSION)],
        timeouts: Timeouts::NONE,
        models_path: "/v1/models?limit=1000",
    },
    Preset {
        provider: Provider::AnthropicCompatible,
        name: "Anthropic-compatible",
        base_url: None,
        auth: AuthHeader::XApiKey,
        key_prefix: None,
        keys_page: None,
        headers: &[("anthropic-version", ANTHROPIC_VERSION)],
        timeouts: Timeouts::NONE,
        models_path: "/v1/models?limit=1000",
    },
];

/// The facts about a kind of provider.
pub fn preset(provider: Provider) -> &'static Preset {
    match provider {
        Provider::Anthropic => &PRESETS[0],
        Provider::AnthropicCompatible => &PRESETS[1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_own_preset() {
        for (provider, listed) in Provider::ALL.into_iter().zip(PRESETS) {
            assert_eq!((preset(provider).provider, listed.provider), (provider, provider));
        }
    }
}
