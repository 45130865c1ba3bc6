//! What rules can read of a request: a few headers, bounded, so that it can be kept with each request.

use serde::Serializer as _;
use std::borrow::Cow;

/// The headers that rules can read. Of those that carry a session or a person's data only it is kept that they are there:
/// see [`IS_THERE`].
pub const HEADERS: [&str; 16] = [
    "user-agent",
    "x-app",
    "originator",
    "anthropic-beta",
    "x-goog-api-client",
    "x-stainless-lang",
    "x-stainless-package-version",
    "x-title",
    "http-referer",
    "x-client-name",
    "x-claude-code-session-id",
    "session-id",
    "thread-id",
    "x-codex-turn-metadata",
    "x-session-affinity",
    "x-session-id",
];

/// From which place on the value of a header is nobody's business.
const PRESENCE_FROM: usize = 10;

/// What stands for the value of a header of which only the presence is read.
const IS_THERE: &str = "present";

/// So much of a value is read.
pub const MAX_VALUE_CHARS: usize = 300;

/// The headers of one request that rules can read. Borrows where it can: making it allocates nothing but for values that
/// are too long or come in several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a>([Option<Cow<'a, str>>; HEADERS.len()]);

impl<'a> Facts<'a> {
    /// Of a request with these header lines: names in lower case, each with a value. Several lines of a name are one value,
    /// with commas between them. What no rule can read is passed over.
    pub fn read(lines: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut facts = Self::default();
        for (name, line) in lines {
            let Some(at) = HEADERS.iter().position(|known| *known == name) else { continue };
            let value = match &facts.0[at] {
                _ if at >= PRESENCE_FROM => Cow::Borrowed(IS_THERE),
                None => Cow::Borrowed(bounded(line)),
                Some(before) => Cow::Owned(bounded(&format!("{before}, {line}")).to_owned()),
            };
            facts.0[at] = Some(value);
        }
        facts
    }

    /// The value of a header, if it was there.
    pub fn get(&self, header: &str) -> Option<&str> {
        let at = HEADERS.iter().position(|name| *name == header)?;
        self.0[at].as_deref()
    }

    /// The headers that are there, with what is read of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        HEADERS.iter().zip(&self.0).filter_map(|(name, value)| Some((*name, value.as_deref()?)))
    }

    /// As it is kept: an object in JSON, empty text for nothing.
    pub fn to_json(&self) -> String {
        if self.iter().next().is_none() {
            return String::new();
        }
        let mut text = Vec::with_capacity(256);
        let written = serde_json::Serializer::new(&mut text).collect_map(self.iter());
        written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
    }

    /// What was kept. What is not understood is nothing: it is from another version.
    pub fn from_json(text: &str) -> Facts<'static> {
        let mut facts = Facts::default();
        let Ok(serde_json::Value::Object(map)) = serde_json::from_str(text) else { return facts };
        for (name, value) in map {
            if let Some(at) = HEADERS.iter().position(|known| *known == name)
                && let serde_json::Value::String(value) = value
            {
                facts.0[at] = Some(Cow::Owned(value));
            }
        }
        facts
    }
}

/// The beginning of a value, without what would be lost on its way through a database.
fn bounded(value: &str) -> &str {
    let value = value.trim();
    match value.char_indices().nth(MAX_VALUE_CHARS) {
        None => value,
        Some((end, _)) => value[..end].trim_end(),
    }
}
