//! One meter for one response, whatever its dialect, form and encoding: what the relay holds beside the bytes it
//! forwards.

mod body;
pub(crate) mod reports;
mod stream;
pub(crate) mod told;

use std::fmt::Debug;
use std::io::{self, Write};

use crate::decoding::Decoding;
use crate::error::UpstreamError;
use crate::framing::Framing;
use crate::usage::Reading;
use crate::{Dialect, anthropic, chat, gemini, responses};

use body::BodyMeter;
use reports::Reports;
use stream::StreamMeter;
use told::Told;

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
        let framing = Framing::of(dialect, stream, content_type);
        let feed = match dialect {
            Dialect::Anthropic => Feed::of::<anthropic::usage::Figures>(framing),
            Dialect::OpenaiChat => Feed::of::<chat::usage::Figures>(framing),
            Dialect::OpenaiResponses => Feed::of::<responses::usage::Figures>(framing),
            Dialect::Gemini => Feed::of::<gemini::usage::Figures>(framing),
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
        self.decoding.sink().is_some_and(|feed| feed.0.told().began)
    }

    /// The error that the response has told of itself, if it has.
    pub fn error(&self) -> Option<&UpstreamError> {
        self.decoding.sink()?.0.told().error.as_ref()
    }

    /// Whether an event of ours could be sent now: the stream is not compressed, and no event of the provider's has
    /// begun and not ended.
    pub fn between_events(&self) -> bool {
        matches!(&self.decoding, Decoding::Identity(feed) if feed.0.between_events())
    }

    /// The response has come to its proper end.
    pub fn complete(&self) -> bool {
        self.decoding.sink().is_some_and(|feed| feed.0.told().complete)
    }

    /// What has been read until now: a checkpoint.
    pub fn peek(&self) -> Reading {
        self.of_all(self.decoding.sink().map(|feed| feed.0.reading(feed.0.told().clone())))
    }

    /// The response has ended, properly or not.
    pub fn finish(mut self) -> Reading {
        let feed = self.decoding.sink_mut();
        feed.0.finish();
        // Nobody asks again: what was told is taken along.
        let told = std::mem::take(feed.0.told_mut());
        self.of_all(self.decoding.sink().map(|feed| feed.0.reading(told)))
    }

    fn of_all(&self, read: Option<Reading>) -> Reading {
        let mut reading = read.unwrap_or_default();
        reading.wire_bytes = self.wire_bytes;
        reading.unmetered = self.decoding.unmetered().or(reading.unmetered);
        reading
    }
}

/// One form of one dialect.
trait Gauge: Debug + Send + Sync {
    /// Takes the next plain bytes, cut anywhere.
    fn push(&mut self, chunk: &[u8]);

    /// Nothing more comes.
    fn finish(&mut self);

    /// What the response has told of itself.
    fn told(&self) -> &Told;

    /// The same, to be taken.
    fn told_mut(&mut self) -> &mut Told;

    /// Whether something of ours could stand here.
    fn between_events(&self) -> bool;

    /// All of it, with what the response has told of itself.
    fn reading(&self, told: Told) -> Reading;
}

/// Where the plain bytes go.
#[derive(Debug)]
struct Feed(Box<dyn Gauge>);

impl Feed {
    fn of<R: Reports>(framing: Framing) -> Self {
        match framing {
            Framing::Events => Self(Box::new(StreamMeter::<R>::default())),
            Framing::Array | Framing::Body => Self(Box::new(BodyMeter::<R>::default())),
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::of::<anthropic::usage::Figures>(Framing::Body)
    }
}

impl Write for Feed {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
