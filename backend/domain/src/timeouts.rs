//! How long a provider may take. What is absent is left to the provider's preset, and then to the settings.

use serde::{Deserialize, Serialize};

/// Limits of time, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_seconds: Option<u16>,
    /// Until the first content of a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event_seconds: Option<u16>,
    /// Until an answer that is no stream begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_seconds: Option<u16>,
    /// Between two pieces of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u16>,
}

impl Timeouts {
    /// Nothing said.
    pub const NONE: Self =
        Self { connect_seconds: None, first_event_seconds: None, answer_seconds: None, idle_seconds: None };

    /// These, and where they say nothing, others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            connect_seconds: self.connect_seconds.or(others.connect_seconds),
            first_event_seconds: self.first_event_seconds.or(others.first_event_seconds),
            answer_seconds: self.answer_seconds.or(others.answer_seconds),
            idle_seconds: self.idle_seconds.or(others.idle_seconds),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }
}
