//! Where a provider tells how an account's quota stands: names of headers, as data.

use serde::{Deserialize, Serialize};

/// A family of headers: `prefix`, the name of a window, and an ending for each fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaHeaders {
    /// What all of them begin with, in lower case.
    pub prefix: String,
    /// What the names of windows begin with; others are about something else.
    pub windows: Vec<String>,
    /// The ending of the header that tells whether a window still permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The ending of the one that tells how much is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
    /// What `used` says when all of it is used: 1, or 100.
    #[serde(default = "one")]
    pub whole: u32,
    /// The ending of the one that tells when it begins anew, in seconds since the epoch or as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<String>,
    /// The same in seconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_after: Option<String>,
    /// The ending of the one that tells how long the window is, in minutes: its name is made of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<String>,
}

fn one() -> u32 {
    1
}
