//! Which of our services a key may use: the dialects that its clients speak, the providers that serve it, and the programs
//! it may be used with.

use crate::provider::Provider;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A wire format of the relay's, by the name that usage rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiDialect {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Chat Completions.
    OpenaiChat,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Gemini.
    Gemini,
}

impl ApiDialect {
    /// All of them, in the order a person should see them.
    pub const ALL: [Self; 4] = [Self::Anthropic, Self::OpenaiChat, Self::OpenaiResponses, Self::Gemini];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiChat => "openai_chat",
            Self::OpenaiResponses => "openai_responses",
            Self::Gemini => "gemini",
        }
    }
}

impl fmt::Display for ApiDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no dialect has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect {0:?}: one of anthropic, openai_chat, openai_responses, gemini")]
pub struct UnknownDialect(pub String);

impl FromStr for ApiDialect {
    type Err = UnknownDialect;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|d| d.as_str() == s).ok_or_else(|| UnknownDialect(s.to_owned()))
    }
}

/// What a key may use. An empty list allows all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Services {
    /// Dialects that its clients may speak.
    pub dialects: Vec<ApiDialect>,
    /// Providers whose accounts may serve it.
    pub providers: Vec<Provider>,
    /// Clients that it may be used with, by the names that rules give them.
    pub clients: Vec<String>,
}

impl Services {
    /// Whether everything is allowed.
    pub fn is_empty(&self) -> bool {
        self.dialects.is_empty() && self.providers.is_empty() && self.clients.is_empty()
    }

    /// Whether a client may speak the dialect of this name.
    pub fn speaks(&self, dialect: &str) -> bool {
        self.dialects.is_empty() || self.dialects.iter().any(|d| d.as_str() == dialect)
    }

    /// Whether it may be used with a client that was recognised as this one, or not at all.
    pub fn admits(&self, client: Option<&str>) -> bool {
        self.clients.is_empty() || client.is_some_and(|client| self.clients.iter().any(|c| c == client))
    }

    /// Whether an account of this provider may serve the key.
    pub fn reaches(&self, provider: Provider) -> bool {
        self.providers.is_empty() || self.providers.contains(&provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_allows_all_and_a_list_allows_what_it_names() {
        assert!(Services::default().speaks("anything") && Services::default().reaches(Provider::ANTHROPIC));
        let services = Services {
            dialects: vec![ApiDialect::Gemini],
            providers: vec![Provider::ANTHROPIC],
            clients: vec!["codex".to_owned()],
        };
        assert!(services.admits(Some("codex")) && !services.admits(Some("curl")) && !services.admits(None));
        assert!(Services::default().admits(None));
        assert!(services.speaks("gemini") && !services.speaks("anthropic"));
        assert!(services.reaches(Provider::ANTHROPIC) && !services.reaches(Provider::ANTHROPIC_COMPATIBLE));
    }

    #[test]
    fn names_are_the_same_in_json_and_in_text() {
        for dialect in ApiDialect::ALL {
            assert_eq!(serde_json::to_string(&dialect).unwrap(), format!("\"{dialect}\""));
            assert_eq!(dialect.as_str().parse(), Ok(dialect));
        }
    }
}
