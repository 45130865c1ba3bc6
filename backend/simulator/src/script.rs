//! What an answer looks like and what goes wrong with it. One [`Script`] is the whole story of one answer; it comes
//! from a rule queued beforehand ([`Rule`]), from the request itself (`x-sim-fault`, or `sim:…` inside the model name or
//! whatever names the end user, since a relay passes no header it does not know), or from the simulator's default. End
//! users are named by `metadata.user_id`, in OpenAI's dialects also by `safety_identifier`, `user` and
//! `prompt_cache_key` (64 characters at most), at Gemini by nothing (on the cloud platform by `labels.user_id`).
//!
//! One script means the same in every dialect, as far as the dialect has it. Positions (`after`) count stream events from
//! the start, whatever the first is: `after: 0` is before it.

mod grammar;
mod queue;

use serde::{Deserialize, Serialize};

pub use self::grammar::ScriptError;
pub use self::queue::Rule;
pub(crate) use self::{
    grammar::marker,
    queue::{Queue, Subject},
};

/// One answer's shape and faults. The default is a well-behaved answer, all at once.
///
/// In text: `status=529,retry_after=3` (see [`Script::parse`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// A mark to find the request in the ledger by.
    pub tag: Option<String>,
    /// Which content blocks; by default text, after thinking where the request asks for thinking.
    pub shape: Option<Shape>,
    /// Content deltas in a stream (default 12).
    pub events: Option<u32>,
    /// Milliseconds before each content delta; 0 is all at once.
    pub interval_ms: u64,
    /// Stream events written as one packet (default 1).
    pub per_packet: Option<u32>,
    /// Split what is written into pieces of this many bytes, each flushed alone.
    pub piece_bytes: Option<usize>,
    /// Bytes of answer text altogether.
    pub text_bytes: Option<usize>,
    /// A ping after every so many content deltas, besides Anthropic's at the start; a comment in OpenAI's dialects, and
    /// nothing at Gemini.
    pub ping_every: Option<u32>,
    /// Line ends are CRLF.
    pub crlf: bool,
    /// Compress with gzip, asked for or not.
    pub gzip: bool,
    /// Whether the last `message_delta` repeats the input figures, and whether every chunk of Gemini's tells the usage so
    /// far; by default the seed decides.
    pub repeat_usage: Option<bool>,
    /// An interim `message_delta` with cumulative usage after every so many content deltas; elsewhere the usage comes
    /// with the delta, in Responses not at all.
    pub usage_every: Option<u32>,
    /// The service tier that the usage names (default `standard`).
    pub tier: Option<String>,
    /// Usage figures chosen by the caller instead of the seed.
    pub tokens: ChosenTokens,
    /// Silence before the head, in milliseconds.
    pub delay_ms: u64,
    /// Answer with this instead (after the silence).
    pub refuse: Option<Refusal>,
    /// Silence in mid-stream.
    pub pause: Option<Pause>,
    /// Break off.
    pub cut: Option<Cut>,
    /// An error event in the stream, which then ends.
    pub error_event: Option<ErrorEvent>,
    /// Lines that are no event, at this position.
    pub garbage_after: Option<u32>,
    /// An event whose text breaks off inside a multi-byte character, at this position. The stream goes on.
    pub bad_utf8_after: Option<u32>,
    /// Last events that never come, though the stream ends cleanly.
    pub omit: Option<Omit>,
    /// What goes wrong does so for the first request with this tag, and those after it are answered well: a caller that
    /// tries again somewhere else succeeds.
    pub once: bool,
}

impl Script {
    /// The same answer, and nothing goes wrong with it.
    #[must_use]
    pub(crate) fn well(self) -> Self {
        Self {
            refuse: None,
            pause: None,
            cut: None,
            error_event: None,
            garbage_after: None,
            bad_utf8_after: None,
            omit: None,
            ..self
        }
    }
}

/// Which content blocks an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One text block.
    Text,
    /// Thinking with its signature, then text.
    Thinking,
    /// Text, then one tool call.
    Tools,
    /// Thinking, text and two tool calls.
    Full,
}

/// Usage figures chosen by the caller. Output stays within `max_tokens`; input may exceed what the body could hold, for
/// tests of long-context prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChosenTokens {
    /// Uncached input.
    pub input: Option<u64>,
    /// Output.
    pub output: Option<u64>,
    /// The part of the output that was thinking, where the dialect counts it and the answer thinks.
    pub reasoning: Option<u64>,
    /// Read from a cache.
    pub cache_read: Option<u64>,
    /// Written to a five-minute cache. Dialects without such a figure count it as uncached input.
    pub cache_write_5m: Option<u64>,
    /// Written to a one-hour cache, likewise.
    pub cache_write_1h: Option<u64>,
    /// The part of the uncached input that a stream owns up to only in its last `message_delta` or chunk (Anthropic,
    /// Gemini).
    pub late_input: u64,
}

/// An answer that is not the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refusal {
    /// The status, 200 included.
    pub status: u16,
    /// The error type; by default what the provider uses with that status.
    pub kind: Option<String>,
    /// The error's message.
    pub message: Option<String>,
    /// `retry-after`, in seconds.
    pub retry_after: Option<u64>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// A body sent as it is instead of the error in the provider's shape.
    pub body: Option<String>,
    /// A challenge page in HTML, as a front proxy sends.
    pub html: bool,
}

/// Silence in mid-stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Position.
    pub after: u32,
    /// Milliseconds.
    pub ms: u64,
}

/// Breaking off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// How.
    pub how: CutHow,
    /// Position; none is before the head. A JSON answer that is cut breaks off half-way, whatever the position.
    #[serde(default)]
    pub after: Option<u32>,
}

/// How an answer breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutHow {
    /// TCP reset (HTTP/2: the stream is reset).
    Reset,
    /// The connection is closed without the body's end.
    Close,
    /// The body ends properly, too early.
    End,
}

/// An error event in a stream that began with 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEvent {
    /// Position; 0 makes it the first event.
    pub after: u32,
    /// The error type, such as `overloaded_error`; dialects with other words for it use those. In Responses it comes as
    /// `response.failed`, or with `error:` in front of it as the `error` event.
    pub kind: String,
}

/// Last events that never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Omit {
    /// `message_stop`, `[DONE]`, `response.completed`, Gemini's last chunk.
    Stop,
    /// The `message_delta` with the final usage; in Chat the chunks with the finish reason and the usage. Where the last
    /// event has the usage in it, that event comes without.
    Usage,
    /// Both.
    Both,
}
