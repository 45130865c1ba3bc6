//! The people who can sign in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A person, as the issuer knows them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Who they are for ever.
    pub sub: String,
    /// Their e-mail address; none is said when empty.
    #[serde(default)]
    pub email: String,
    /// Whether the issuer has seen that they receive mail there; not said when `None`.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// Their name.
    #[serde(default)]
    pub name: String,
    /// The groups they are in.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Says who they are by userinfo only, and nothing but the subject in the ID token.
    #[serde(default)]
    pub thin: bool,
}

impl Person {
    /// Somebody with a verified address.
    #[must_use]
    pub fn new(sub: &str, email: &str, groups: &[&str]) -> Self {
        Self {
            sub: sub.to_owned(),
            email: email.to_owned(),
            email_verified: Some(true),
            name: format!("Person {sub}"),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            thin: false,
        }
    }

    /// What is said about them, besides the subject.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        if !self.email.is_empty() {
            claims.insert("email".into(), json!(self.email));
        }
        if let Some(verified) = self.email_verified {
            claims.insert("email_verified".into(), json!(verified));
        }
        if !self.name.is_empty() {
            claims.insert("name".into(), json!(self.name));
        }
        claims.insert("groups".into(), json!(self.groups));
        claims
    }
}
