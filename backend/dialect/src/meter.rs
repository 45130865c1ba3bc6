//! One meter for one response, whatever its dialect, form and encoding: what the relay holds beside the bytes it
//! forwards.

use std::io::{self, Write};

use crate::Dialect;
use crate::anthropic::usage::{BodyMeter, StreamMeter};
use crate::decoding::Decoding;
use crate::error::UpstreamError;
use crate::usage::Reading;

/// Reads usage from a copy of the bytes that go to the client. Nothing that happens in here can disturb them:
/// whatever cannot be read only makes the [`Reading`] say so.
pub struct Meter {
    decoding: Decoding<Feed>,
    wire_bytes: u64,
}

impl Meter {
    /// The meter for a response with these headers. The content type decides between stream and body; where it
    /// names neither, what the request asked for (`stream`) does.
    pub fn for_response(
        dialect: Dialect,
        stream: bool,
        content_type: Option<&str>,
        content_encoding: Option<&str>,
    ) -> Self {
        let events = match content_type {
            Some(value) if starts_with(value, "text/event-stream") => true,
            Some(value) if starts_with(value, "application/json") || starts_with(value, "text/html") => false,
            _ => stream,
        };
        let feed = match (dialect, events) {
            (Dialect::Anthropic, true) => Feed::AnthropicStream(Box::default()),
            (Dialect::Anthropic, false) => Feed::AnthropicBody(Box::default()),
        };
        Self { decoding: Decoding::new(content_encoding, feed), wire_bytes: 0 }
    }

    /// Takes the next bytes as they came from the wire, cut anywhere.
    #[inline]
    pub fn push(&mut self, chunk: &[u8]) {
        self.wire_bytes += chunk.len() as u64;
        self.decoding.push(chunk);
    }

    /// Content has been seen, so the answer is committed. Also true when the meter is blind: then nobody knows.
    pub fn began(&self) -> bool {
        if self.wire_bytes > 0 && self.decoding.unmetered().is_some() {
            return true;
        }
        match self.decoding.sink() {
            Some(Feed::AnthropicStream(meter)) => meter.began(),
            Some(Feed::AnthropicBody(meter)) => meter.began(),
            None => false,
        }
    }

    /// The error that the response has told of itself, if it has.
    pub fn error(&self) -> Option<&UpstreamError> {
        match self.decoding.sink()? {
            Feed::AnthropicStream(meter) => meter.error(),
            Feed::AnthropicBody(meter) => meter.error(),
        }
    }

    /// Whether an event of ours could be sent now: the stream is not compressed, and no event of the provider's has begun
    /// and not ended.
    pub fn between_events(&self) -> bool {
        match &self.decoding {
            Decoding::Identity(Feed::AnthropicStream(meter)) => meter.between_events(),
            _ => false,
        }
    }

    /// The response has come to its proper end.
    pub fn complete(&self) -> bool {
        match self.decoding.sink() {
            Some(Feed::AnthropicStream(meter)) => meter.complete(),
            Some(Feed::AnthropicBody(meter)) => meter.complete(),
            None => false,
        }
    }

    /// What has been read until now: a checkpoint.
    pub fn peek(&self) -> Reading {
        let mut reading = match self.decoding.sink() {
            Some(Feed::AnthropicStream(meter)) => meter.reading(),
            Some(Feed::AnthropicBody(meter)) => meter.reading(),
            None => Reading::default(),
        };
        reading.wire_bytes = self.wire_bytes;
        reading.unmetered = self.decoding.unmetered().or(reading.unmetered);
        reading
    }

    /// The response has ended, properly or not.
    pub fn finish(mut self) -> Reading {
        if let Feed::AnthropicStream(meter) = self.decoding.sink_mut() {
            meter.finish();
        }
        self.peek()
    }
}

/// Where the plain bytes go.
#[derive(Debug)]
enum Feed {
    AnthropicStream(Box<StreamMeter>),
    AnthropicBody(Box<BodyMeter>),
}

impl Default for Feed {
    fn default() -> Self {
        Self::AnthropicBody(Box::default())
    }
}

impl Write for Feed {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::AnthropicStream(meter) => meter.push(bytes),
            Self::AnthropicBody(meter) => meter.push(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn starts_with(value: &str, kind: &str) -> bool {
    value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests;
