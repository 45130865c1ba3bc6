//! What a provider's refusal is about, as data. A status alone misleads: a balance that is used up comes as 400, 402, 403
//! or 429, and an overload as 503 or 529. So these rules are asked first, in order, and only what none of them knows
//! goes by its status. What follows from a row is no matter of the provider's; the relay has a table of that.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What went wrong, in the rows of the failover table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// Refused for where the request came from, or by a page that asks whether a person is there.
    Challenge,
    /// The account's balance is used up.
    BalanceUsedUp,
    /// Thinking or encrypted content that another account has signed.
    ForeignThinking,
    /// No connection: name, TCP or TLS.
    Unreachable,
    /// No connection through the account's proxy, for a reason of the proxy's.
    ProxyUnavailable,
    /// No content within the time allowed.
    Silent,
    /// The credential is not accepted.
    BadCredential,
    /// The account as a whole is refused.
    AccountRefused,
    /// Refused, and nobody knows why.
    Forbidden,
    /// The request itself is at fault.
    CallersFault,
    /// The account may not use this model.
    ModelUnavailable,
    /// The provider has trouble of its own.
    ProviderError,
    /// A limit is reached, and the provider says until when.
    LimitedUntil,
    /// A limit is reached, until nobody knows when.
    Limited,
    /// The provider is overloaded.
    Overloaded,
}

impl Row {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Challenge,
        Self::BalanceUsedUp,
        Self::ForeignThinking,
        Self::Unreachable,
        Self::ProxyUnavailable,
        Self::Silent,
        Self::BadCredential,
        Self::AccountRefused,
        Self::Forbidden,
        Self::CallersFault,
        Self::ModelUnavailable,
        Self::ProviderError,
        Self::LimitedUntil,
        Self::Limited,
        Self::Overloaded,
    ];

    /// As stored, as in the API, and as a label of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::BalanceUsedUp => "balance_used_up",
            Self::ForeignThinking => "foreign_thinking",
            Self::Unreachable => "unreachable",
            Self::ProxyUnavailable => "proxy_unavailable",
            Self::Silent => "silent",
            Self::BadCredential => "bad_credential",
            Self::AccountRefused => "account_refused",
            Self::Forbidden => "forbidden",
            Self::CallersFault => "callers_fault",
            Self::ModelUnavailable => "model_unavailable",
            Self::ProviderError => "provider_error",
            Self::LimitedUntil => "limited_until",
            Self::Limited => "limited",
            Self::Overloaded => "overloaded",
        }
    }

    /// From how it is stored.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.as_str() == text)
    }

    /// By the status alone, for what no rule knows. `hint` = the answer says when to come back.
    pub const fn by_status(status: u16, hint: bool) -> Self {
        match status {
            401 => Self::BadCredential,
            402 => Self::AccountRefused,
            403 => Self::Forbidden,
            408 | 500..=528 | 530..=599 => Self::ProviderError,
            429 if hint => Self::LimitedUntil,
            429 => Self::Limited,
            529 => Self::Overloaded,
            _ => Self::CallersFault,
        }
    }
}

/// A refusal as a provider tells it.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The status; inside a stream the one that the error's type stands for.
    pub status: u16,
    /// The error's type and code, in lower case, with a space between.
    pub kind: &'a str,
    /// The error's message in lower case; of a page, its beginning.
    pub message: &'a str,
    /// A page for people instead of an error for programs.
    pub html: bool,
}

/// One rule: all of its conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// One of these statuses; empty = any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// The error's type or code is one of these, in lower case; empty = any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// The message holds one of these, in lower case; empty = any. `*` stands for any text between two parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// Only pages for people.
    #[serde(default)]
    pub html: bool,
    /// What it is about.
    pub row: Row,
}

/// Rules that many providers have in common; each is a file in `rules/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleSet {
    /// What all of them say alike, with the words that compatible services borrow from each other.
    Common,
    /// Of the OpenAI family.
    Openai,
    /// Google's.
    Google,
    /// Amazon's.
    Aws,
}

impl RuleSet {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Common, Self::Openai, Self::Google, Self::Aws];

    /// The rules, in the order in which they are asked.
    pub fn rules(self) -> &'static [Rule] {
        static SETS: LazyLock<[Vec<Rule>; 4]> = LazyLock::new(|| RuleSet::ALL.map(RuleSet::read));
        &SETS[self as usize]
    }

    fn read(self) -> Vec<Rule> {
        let json = match self {
            Self::Common => include_str!("../rules/common.json"),
            Self::Openai => include_str!("../rules/openai.json"),
            Self::Google => include_str!("../rules/google.json"),
            Self::Aws => include_str!("../rules/aws.json"),
        };
        // Compiled in, and read by a test: it is what it is.
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// The row of the first rule that knows a refusal; `None` when it goes by its status.
pub fn find(rules: &[Rule], refusal: &Refusal<'_>) -> Option<Row> {
    rules.iter().find(|rule| rule.knows(refusal)).map(|rule| rule.row)
}

impl Rule {
    fn knows(&self, refusal: &Refusal<'_>) -> bool {
        let kind = |wanted: &String| refusal.kind.split(' ').any(|said| said == wanted);
        (self.statuses.is_empty() || self.statuses.contains(&refusal.status))
            && (self.kinds.is_empty() || self.kinds.iter().any(kind))
            && (self.messages.is_empty() || self.messages.iter().any(|part| self.says(refusal, part)))
            && (!self.html || refusal.html)
    }
}

/// Words that a sentence may begin with before it comes to what it says.
const OPENINGS: [&str; 4] = ["error: ", "your ", "this ", "the "];

impl Rule {
    /// Whether a message says so. Providers quote the caller's own words when they find fault with a request, so what a
    /// 400 says about the account counts only where the message begins with it: nobody must be able to make an account
    /// rest by what they send. Thinking is the request's own matter, and nothing rests for it.
    fn says(&self, refusal: &Refusal<'_>, pattern: &str) -> bool {
        if refusal.status != 400 || matches!(self.row, Row::ForeignThinking) {
            return holds(refusal.message, pattern);
        }
        let said =
            OPENINGS.iter().fold(refusal.message, |said, word| said.strip_prefix(word).unwrap_or(said));
        let first = pattern.split('*').next().unwrap_or_default();
        said.starts_with(first) && holds(said, pattern)
    }
}

/// Whether a text holds the parts of a pattern, one after the other.
fn holds(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests;
