//! Credential files of other programs, recognised by what is in them and not by what they are called. Nothing is asked of
//! anybody here: a file becomes what an account could sign in with, or words for the person who gave it. What is secret is
//! never among those words.

mod fields;
mod shapes;
#[cfg(test)]
mod tests;

pub use fields::BadField;

use chrono::{DateTime, Utc};
use serde_json::Value;
use zeroize::Zeroizing;

/// The most credentials that one file may list.
pub const MOST: usize = 500;

/// What kind of file something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `.credentials.json` of Claude Code.
    ClaudeCode,
    /// `auth.json` of Codex.
    Codex,
    /// `oauth_creds.json` of Gemini CLI.
    GeminiCli,
    /// `oauth_creds.json` of Qwen Code.
    QwenCode,
    /// The key of a Google service account.
    ServiceAccount,
    /// AWS keys, as the AWS CLI prints them or in plain fields.
    AwsKeys,
    /// An authorisation with its provider's name, as CLIProxyAPI keeps them.
    ProxyAuth,
    /// An entry of a plain list of API keys.
    Plain,
}

/// One credential of a file.
#[derive(Debug)]
pub struct Entry {
    /// In what kind of file; `None` where that is not known.
    pub shape: Option<Shape>,
    /// Its place in the file's list, from 1.
    pub place: Option<usize>,
    /// What is in it, or why it is of no use.
    pub login: Result<Login, BadField>,
}

impl Entry {
    /// A file that is of no use as it is.
    pub fn unusable(problem: impl Into<String>) -> Self {
        Self { shape: None, place: None, login: Err(BadField::whole(problem)) }
    }
}

/// What an account could be made of.
#[derive(Debug)]
pub struct Login {
    /// The provider, by its name in the catalogue; whether there is one of that name is not known here.
    pub provider: String,
    /// What signs in.
    pub secret: Secret,
    /// The field that `secret` stands in.
    pub field: &'static str,
    /// What to call it.
    pub name: Option<String>,
    /// Whose it is, to show.
    pub email: Option<String>,
    /// By what subscription, to show.
    pub plan: Option<String>,
    /// The pool that it says it is for: a name or an identifier.
    pub pool: Option<String>,
    /// Where its API is, if not where it usually is.
    pub base_url: Option<String>,
    /// The region or location that it is for.
    pub location: Option<String>,
    /// When what requests carry ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the file says that it is in use.
    pub enabled: bool,
}

/// What signs in.
pub enum Secret {
    /// An API key.
    ApiKey(Zeroizing<String>),
    /// What an authorisation gave.
    Oauth {
        /// The token that requests carry.
        access: Zeroizing<String>,
        /// What the next one is had for.
        refresh: Option<Zeroizing<String>>,
        /// What else the issuer has said, for whose it is.
        answer: Value,
    },
    /// A service account's key: the JSON.
    ServiceAccount(Zeroizing<String>),
    /// AWS keys.
    Aws {
        /// The public part.
        id: String,
        /// The secret part.
        secret: Zeroizing<String>,
        /// Where they are temporary.
        session: Option<Zeroizing<String>>,
    },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(•••)")
    }
}

/// Reads a file. There is always something to say of it: what cannot be read is an entry that says why.
pub fn read(bytes: &[u8]) -> Vec<Entry> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let alone = |problem: String| vec![Entry::unusable(problem)];
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        // serde's own words have no part of the text in them for what is no JSON at all.
        Err(error) => return alone(format!("is not JSON: {error}")),
    };
    match value {
        Value::Array(items) if items.is_empty() => alone("is an empty list".to_owned()),
        Value::Array(items) if items.len() > MOST => {
            alone(format!("lists {} credentials; at most {MOST} are read at once", items.len()))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(at, item)| {
                let mut of_it = shapes::read(item);
                of_it.iter_mut().for_each(|entry| entry.place = Some(at + 1));
                of_it
            })
            .collect(),
        one => shapes::read(&one),
    }
}
