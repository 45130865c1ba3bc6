//! Token counts in one shape for every dialect, and what a response is settled at when it never said its own.
//!
//! The buckets are disjoint (reasoning excepted, which is part of output), so a price is a sum over them. Turning
//! tokens into money is not done here.

use serde::{Deserialize, Serialize};

use crate::error::UpstreamError;

/// Tokens of one response. All buckets are disjoint except `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Input that was neither read from nor written to a cache.
    pub input: u64,
    /// Everything generated, reasoning included.
    pub output: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache that lives five minutes.
    pub cache_write_5m: u64,
    /// Input written to a cache that lives an hour.
    pub cache_write_1h: u64,
    /// The part of `output` that was reasoning, where the provider tells; never added to it.
    pub reasoning: u64,
}

impl TokenCounts {
    /// All input, cached or not.
    pub const fn all_input(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// All input and output.
    pub const fn total(&self) -> u64 {
        self.all_input().saturating_add(self.output)
    }
}

/// Why nothing could be counted, although bytes went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmetered {
    /// A content encoding that is not decoded here (`br`, `zstd`, a list).
    UnknownEncoding,
    /// The content encoding was gzip or deflate and the bytes were not.
    BrokenEncoding,
    /// An event or a value too large to put together.
    TooLarge,
    /// Neither events nor a JSON object: an HTML page, say.
    NotTheDialect,
}

impl Unmetered {
    /// A label for logs and metrics.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownEncoding => "unknown_encoding",
            Self::BrokenEncoding => "broken_encoding",
            Self::TooLarge => "too_large",
            Self::NotTheDialect => "not_the_dialect",
        }
    }
}

/// What a meter has read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Reported counts, normalised; zeros where nothing was reported.
    pub counts: TokenCounts,
    /// The input side was reported.
    pub input_reported: bool,
    /// The output count is the provider's last word and not a figure from the middle of a stream.
    pub output_final: bool,
    /// The response came to its proper end (`message_stop`, or the closing brace of the body). A stream that ends
    /// without this was cut and must not be ended cleanly.
    pub complete: bool,
    /// Content has been seen: from here on another account can no longer answer instead.
    pub began: bool,
    /// Tokens that the bytes seen so far cannot be fewer than by [`tokens_in`]; what stands in for output.
    pub estimated_output: u64,
    /// Bytes pushed, as they came from the wire.
    pub wire_bytes: u64,
    /// The upstream's id of the response.
    pub id: Option<String>,
    /// The model that answered, by the upstream's name.
    pub model: Option<String>,
    /// Why it stopped.
    pub stop_reason: Option<String>,
    /// The service tier it was billed at, where told.
    pub service_tier: Option<String>,
    /// Searches the provider made on its own and bills one by one.
    pub web_searches: u64,
    /// An error told inside the response.
    pub error: Option<UpstreamError>,
    /// Set when the meter gave up; `counts` is then what it had until there.
    pub unmetered: Option<Unmetered>,
}

/// What the request says, for the sides of a response that were never reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Estimated input tokens.
    pub input: u64,
    /// The most output the request allowed.
    pub max_output: u64,
}

/// What a response is billed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The counts to price.
    pub counts: TokenCounts,
    /// At least one of them is not the provider's own figure.
    pub estimated: bool,
}

impl Reading {
    /// The counts to bill for a response of a request that reached the provider: reported figures where they are
    /// final, else the larger of what was reported and what the bytes seen amount to, output never beyond what the
    /// request allowed. An error told before anything else costs nothing. Of a response that could not be decoded
    /// every byte may have been output, and compressed: it is billed at what the request allowed. What is not in
    /// the dialect at all (an HTML page) is no output, but its input may have been billed.
    pub fn settled(&self, fallback: Fallback) -> Settled {
        if self.error.is_some() && !self.began && !self.input_reported {
            return Settled { counts: self.counts, estimated: false };
        }
        let mut counts = self.counts;
        let mut estimated = false;
        if !self.input_reported {
            counts.input = counts.input.max(fallback.input);
            estimated = true;
        }
        if !self.output_final {
            let seen = match self.unmetered {
                Some(Unmetered::UnknownEncoding | Unmetered::BrokenEncoding | Unmetered::TooLarge)
                    if self.wire_bytes > 0 =>
                {
                    fallback.max_output
                }
                _ => self.estimated_output.min(fallback.max_output),
            };
            counts.output = counts.output.max(seen);
            estimated = true;
        }
        Settled { counts, estimated }
    }
}

/// Tokens that stand for so many bytes of generated text when the provider never counted them: one for two bytes,
/// rounded up. English prose has about four bytes to a token, source code three, Chinese one to two tokens to a
/// character of three bytes; so a cut stream is counted high, not low, and less than the one-token-a-byte bound.
pub const fn tokens_in(bytes: u64) -> u64 {
    bytes.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Fallback = Fallback { input: 100, max_output: 50 };

    #[test]
    fn final_figures_are_taken_as_they_are() {
        let counts = TokenCounts { input: 3, output: 900, ..TokenCounts::default() };
        let reading = Reading {
            counts,
            input_reported: true,
            output_final: true,
            estimated_output: 5000,
            ..Reading::default()
        };
        assert_eq!(reading.settled(REQUEST), Settled { counts, estimated: false });
    }

    #[test]
    fn a_cut_stream_is_billed_for_what_was_seen_within_what_was_allowed() {
        let counts = TokenCounts { input: 3, output: 7, ..TokenCounts::default() };
        let mut reading =
            Reading { counts, input_reported: true, estimated_output: 20, ..Reading::default() };
        assert_eq!(reading.settled(REQUEST).counts.output, 20);
        reading.estimated_output = 5000;
        assert_eq!(reading.settled(REQUEST).counts.output, 50);
        reading.estimated_output = 1;
        assert_eq!(reading.settled(REQUEST).counts.output, 7);
        assert!(reading.settled(REQUEST).estimated);
    }

    #[test]
    fn silence_is_billed_for_its_input_and_a_first_error_for_nothing() {
        let silence = Reading::default().settled(REQUEST);
        assert_eq!((silence.counts.input, silence.counts.output, silence.estimated), (100, 0, true));
        let error = UpstreamError { kind: "overloaded_error".to_owned(), message: String::new() };
        let refused = Reading { error: Some(error), ..Reading::default() }.settled(REQUEST);
        assert_eq!(refused, Settled { counts: TokenCounts::default(), estimated: false });
    }

    #[test]
    fn an_unreadable_answer_is_billed_at_what_the_request_allowed() {
        let reading =
            Reading { unmetered: Some(Unmetered::UnknownEncoding), wire_bytes: 10, ..Reading::default() };
        let counts = TokenCounts { input: 100, output: 50, ..TokenCounts::default() };
        assert_eq!(reading.settled(REQUEST), Settled { counts, estimated: true });
    }
}
