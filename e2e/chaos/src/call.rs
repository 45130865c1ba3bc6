//! One call as a client makes it, what its client means to do, and the list of all that were made.
//!
//! Every attempt has a number. The provider sees it as the tag in `metadata.user_id`, Causeway's row has it as the
//! client's User-Agent, and so the two meet without either knowing of the other.

use causeway_rig::wire;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// An API key under test.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) model: &'static str,
    pub(crate) stream: bool,
    pub(crate) max_tokens: u64,
    /// Bytes of the question.
    pub(crate) prompt: usize,
    /// Asks for a cache that lasts an hour.
    pub(crate) hour: bool,
    /// What the simulator shall do, besides the tag.
    pub(crate) script: String,
    pub(crate) intent: Intent,
}

/// What a client, or the provider, means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Read the whole answer.
    Stay,
    /// Go away after a time, with the answer whole within the time that it is read on.
    Leave(Duration),
    /// Go away, and the answer goes on for longer than it is read on.
    LeaveForGood(Duration),
    /// Stay, and the provider breaks off.
    Reset,
}

/// How an attempt ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Not yet.
    Open,
    /// Answered in full.
    Answered(u16),
    /// Refused for now, since no account may be asked: by the failover table, and not by any limit.
    Resting,
    /// Gone, as intended.
    Left,
    /// The connection broke, or nothing came for too long.
    Broken,
    /// There was no connection.
    Unsent,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) instance: usize,
    pub(crate) intent: Intent,
    pub(crate) begun: DateTime<Utc>,
    /// For its client; long after now while it is open.
    pub(crate) ended: DateTime<Utc>,
    pub(crate) end: End,
}

/// Every attempt there was; its number is its place.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<Attempt>>);

impl Log {
    /// Opens an attempt.
    pub(crate) fn begin(&self, instance: usize, intent: Intent) -> usize {
        let mut attempts = self.lock();
        let (begun, ended) = (Utc::now(), DateTime::<Utc>::MAX_UTC);
        attempts.push(Attempt { instance, intent, begun, ended, end: End::Open });
        attempts.len() - 1
    }

    /// Ends it.
    pub(crate) fn end(&self, mark: usize, end: End) {
        if let Some(attempt) = self.lock().get_mut(mark) {
            (attempt.end, attempt.ended) = (end, Utc::now());
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// All so far.
    pub(crate) fn all(&self) -> Vec<Attempt> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tag of an attempt in the simulator's ledger.
pub(crate) fn tag(mark: usize) -> String {
    format!("c{mark}")
}

/// The number in a tag.
pub(crate) fn mark_of_tag(tag: &str) -> Option<usize> {
    tag.strip_prefix('c')?.parse().ok()
}

/// The number in the client of a row.
pub(crate) fn mark_of_client(client: &str) -> Option<usize> {
    client.strip_prefix("chaos/")?.parse().ok()
}

impl Call {
    /// The whole request.
    pub(crate) fn bytes(&self, host: &str, key: &Key, mark: usize) -> Vec<u8> {
        let agent = format!("chaos/{mark}");
        let headers =
            [("x-api-key", &*key.secret), ("anthropic-version", "2023-06-01"), ("user-agent", &*agent)];
        wire::request("POST", host, "/api/v1/messages", &headers, &self.body(mark))
    }

    /// Bytes of the body at most, whatever the number.
    pub(crate) fn body_bound(&self) -> u64 {
        self.body(1_000_000_000).len() as u64
    }

    fn body(&self, mark: usize) -> String {
        let mut text =
            json!({ "type": "text", "text": FILLER.chars().cycle().take(self.prompt).collect::<String>() });
        let mut script = format!("sim:tag={}", tag(mark));
        if self.hour {
            text["cache_control"] = json!({ "type": "ephemeral", "ttl": "1h" });
        } else {
            // No provider writes what nobody asked for, and what was not asked for is not reserved.
            script.push_str(",cache_1h=0");
        }
        if !self.script.is_empty() {
            script.push(',');
            script.push_str(&self.script);
        }
        let body = json!({
            "model": self.model, "max_tokens": self.max_tokens, "stream": self.stream,
            "messages": [{ "role": "user", "content": [text] }],
            "metadata": { "user_id": script },
        });
        body.to_string()
    }
}

const FILLER: &str = "A causeway is a raised road across low or wet ground. ";

/// Draws that follow from the seed and a number (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// For one number.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut draw = Self(seed ^ number.wrapping_mul(0xA24B_AED4_963E_E407));
        draw.below(1);
        draw
    }

    /// A number in `0..n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n.max(1)
    }

    /// A number in `from..to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from))
    }
}
