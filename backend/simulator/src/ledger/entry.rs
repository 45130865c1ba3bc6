//! One line of the truth ledger: what arrived, what was answered, what it would have cost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Token counts in disjoint buckets: no token is counted in two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Input that was neither read from nor written to a cache.
    pub input: u64,
    /// Output, thinking included.
    pub output: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a five-minute cache.
    pub cache_write_5m: u64,
    /// Input written to a one-hour cache.
    pub cache_write_1h: u64,
}

impl Tokens {
    /// All input buckets together.
    #[must_use]
    pub fn all_input(self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    /// The same input with another output.
    #[must_use]
    pub fn with_output(self, output: u64) -> Self {
        Self { output, ..self }
    }
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_read += other.cache_read;
        self.cache_write_5m += other.cache_write_5m;
        self.cache_write_1h += other.cache_write_1h;
    }
}

impl std::iter::Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        let mut total = Self::default();
        iter.for_each(|tokens| total += tokens);
        total
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Still being received or answered.
    #[default]
    Open,
    /// The whole answer was written, a refusal included.
    Completed,
    /// The caller went away before the answer was complete.
    CutByClient,
    /// A scripted fault broke the answer off, or made it end without its last events.
    CutByFault,
}

/// What the simulator knows about one request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// The request's number, from 1, never reused.
    pub seq: u64,
    /// When its head arrived.
    pub at: DateTime<Utc>,
    /// When it ended, whatever the end; none while it is open.
    pub ended: Option<DateTime<Utc>>,
    /// The connection it came on; requests with the same number shared one.
    pub connection: u64,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: String,
    /// The method.
    pub method: String,
    /// Path and query as received.
    pub path: String,
    /// All headers received, in order (empty when the ledger keeps figures only).
    pub headers: Vec<(String, String)>,
    /// What must not have crossed a relay and did: header names (cookies, hop-by-hop), or where a `cw_` credential was.
    pub leaks: Vec<String>,
    /// The upstream account key used; of a signed request the access key id, of an OAuth account the access token.
    pub key: Option<String>,
    /// The account whose access token it was, expired and revoked ones included.
    pub subject: Option<String>,
    /// The grant that the access token came from.
    pub grant: Option<String>,
    /// The caller's mark: `x-sim-tag`, `sim:tag=…`, or the whole of what names the end user.
    pub tag: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The output bound asked for.
    pub max_tokens: Option<u64>,
    /// The `request-id` (Anthropic) or `x-request-id` header of the answer.
    pub request_id: String,
    /// The answer's own id (`msg_sim_…`, `chatcmpl-sim-…`, `resp_sim_…`), where one was drawn up.
    pub message_id: Option<String>,
    /// The status sent; none while no head was sent.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the caller was told so far, by the usage figures in the events that were written.
    pub sent: Tokens,
    /// What the provider bills: everything generated up to the end or the cut.
    pub billed: Tokens,
    /// Stream events written.
    pub events: u64,
    /// Body bytes received.
    pub body_bytes: u64,
    /// SHA-256 of the body received, hex (empty when the ledger keeps figures only).
    pub body_sha256: String,
    /// Body bytes sent, as on the wire (after compression, before chunking).
    pub answer_bytes: u64,
    /// SHA-256 of the body sent, hex (empty when the ledger keeps figures only).
    pub answer_sha256: String,
}

impl Entry {
    /// The first value of a received header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
