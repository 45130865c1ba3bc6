//! An error of ours before it has a dialect, and an upstream's error after it has lost one.

use serde_json::{Map, Value};

/// What went wrong, ready to be written in any dialect. Holds what the caller may see and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The HTTP status; the dialect's error type follows from it.
    pub status: u16,
    /// Our stable reason, the same in every dialect (`budget_exceeded`, `model_not_allowed`); may be empty.
    pub code: &'a str,
    /// One or two sentences for a person: what is wrong and what would be accepted.
    pub message: &'a str,
    /// The id under which the request is logged.
    pub request_id: &'a str,
    /// Figures that go with the reason (what the request could have cost, when a limit resets).
    pub facts: &'a Map<String, Value>,
}

/// An error as an upstream told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamError {
    /// Its type, in the upstream's words.
    pub kind: String,
    /// Its text; shortened when an upstream sends pages.
    pub message: String,
}

/// The longest message kept of an upstream's error, in bytes.
const LONGEST: usize = 2048;

impl UpstreamError {
    pub(crate) fn new(kind: impl Into<String>, message: &str) -> Self {
        Self { kind: shortened(&kind.into()), message: shortened(message) }
    }
}

/// Neither longer than anybody reads, nor with the zero byte that no database takes into a text.
fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].replace('\0', "")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Failure;

    /// What `write` makes of a failure with figures.
    pub(crate) fn failure<T>(status: u16, write: impl FnOnce(&Failure<'_>) -> T) -> T {
        let facts = serde_json::json!({"limit": "5.00", "resets_in_seconds": 30, "field": "n"});
        write(&Failure {
            status,
            code: "budget_exceeded",
            message: "The key's \"daily\" budget of $5.00 is used up.",
            request_id: "req_1",
            facts: facts.as_object().unwrap(),
        })
    }
}
