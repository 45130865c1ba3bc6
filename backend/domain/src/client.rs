//! Which program a request comes from, as its headers tell: rules that are data, and how they are read.
//!
//! A rule names a client and what must hold of the headers of a request; the first rule that fits counts. The shipped
//! rules are in `client/shipped.json`; an organisation may put its own before them. The relay, the dry run in the admin
//! and the browser read rules by this code alone, so that what a dry run says is what will happen.
//!
//! A rule recognises and nothing else: no header is changed by it. Anybody can send the headers of a client, so this
//! keeps honest programs apart and is no proof.

mod facts;
mod shipped;

pub use facts::{Facts, HEADERS, MAX_VALUE_CHARS};
pub use shipped::{SHIPPED_VERSION, shipped};

use serde::{Deserialize, Serialize};

/// Rules that an organisation may have of its own.
pub const MOST_RULES: usize = 50;
/// Conditions that a rule may have.
pub const MOST_CONDITIONS: usize = 8;
/// The longest pattern, in characters.
pub const MAX_PATTERN_CHARS: usize = 200;
/// The longest name of a client in rules, in characters.
pub const MAX_ID_CHARS: usize = 40;

/// How a client is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRule {
    /// The client, by the name that keys, the log and usage have: `a-z`, `0-9` and `_`. Several rules may name the same.
    pub client: String,
    /// The client as people call it.
    pub name: String,
    /// What must hold, all of it.
    pub when: Vec<Condition>,
}

/// What must hold of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The header; one of [`HEADERS`].
    pub header: String,
    /// What its value must look like, with `*` for any run of characters and regardless of case; `*` alone is satisfied
    /// by any value. The header must be there in any case.
    pub matches: String,
}

/// Something about a rule that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRule {
    /// The field within the rule, such as `when[0].matches`.
    pub field: String,
    /// In words.
    pub problem: &'static str,
}

impl Condition {
    fn holds(&self, facts: &Facts<'_>) -> bool {
        facts.get(&self.header).is_some_and(|value| matches(&self.matches, value))
    }
}

impl ClientRule {
    /// Whether a request with these headers comes from the client.
    pub fn fits(&self, facts: &Facts<'_>) -> bool {
        !self.when.is_empty() && self.when.iter().all(|condition| condition.holds(facts))
    }

    /// Everything about it that is not accepted.
    pub fn problems(&self) -> Vec<BadRule> {
        let mut bad = Vec::new();
        let mut require = |good: bool, field: String, problem| {
            if !good {
                bad.push(BadRule { field, problem });
            }
        };
        require(
            is_client_id(&self.client),
            "client".to_owned(),
            "must have 1 to 40 characters of a-z, 0-9 and _, beginning with a letter",
        );
        let name = self.name.trim();
        let named = (1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        require(named, "name".to_owned(), "must have 1 to 60 characters");
        require(
            (1..=MOST_CONDITIONS).contains(&self.when.len()),
            "when".to_owned(),
            "must have 1 to 8 conditions",
        );
        for (i, condition) in self.when.iter().take(MOST_CONDITIONS).enumerate() {
            let known = HEADERS.contains(&condition.header.as_str());
            require(known, format!("when[{i}].header"), "must be one of the headers that are read");
            let pattern = &condition.matches;
            let printable = pattern.chars().all(|c| (' '..='~').contains(&c));
            let length = (1..=MAX_PATTERN_CHARS).contains(&pattern.chars().count());
            require(
                printable && length && *pattern == *pattern.trim(),
                format!("when[{i}].matches"),
                "must have 1 to 200 printable ASCII characters, without spaces around it",
            );
        }
        bad
    }
}

/// Whether a text can name a client.
pub fn is_client_id(text: &str) -> bool {
    text.len() <= MAX_ID_CHARS
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Where a rule is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The organisation's own, with its place from 0.
    Own(usize),
    /// A shipped one, with its place from 0.
    Shipped(usize),
}

/// The rules of an organisation: its own before the shipped ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRules {
    /// Its own, in order.
    pub own: Vec<ClientRule>,
    /// Whether the shipped ones do not count.
    pub without_shipped: bool,
}

impl ClientRules {
    /// All that count, in order.
    pub fn all(&self) -> impl Iterator<Item = (Origin, &ClientRule)> {
        let shipped: &[ClientRule] = if self.without_shipped { &[] } else { shipped() };
        let own = self.own.iter().enumerate().map(|(i, rule)| (Origin::Own(i), rule));
        own.chain(shipped.iter().enumerate().map(|(i, rule)| (Origin::Shipped(i), rule)))
    }

    /// The first rule that fits.
    pub fn recognise(&self, facts: &Facts<'_>) -> Option<(Origin, &ClientRule)> {
        self.all().find(|(_, rule)| rule.fits(facts))
    }

    /// Whether some rule names this client.
    pub fn names(&self, client: &str) -> bool {
        self.all().any(|(_, rule)| rule.client == client)
    }
}

/// Whether `pattern` matches the whole of `value`, regardless of the case of ASCII letters. As
/// [`crate::model::glob_matches`], of which this differs in nothing else.
fn matches(pattern: &str, value: &str) -> bool {
    crate::model::glob_matches_by(pattern, value, |p, v| p.eq_ignore_ascii_case(&v))
}

#[cfg(test)]
mod tests;
