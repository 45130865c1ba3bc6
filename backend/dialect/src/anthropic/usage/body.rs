//! The meter for a Messages response that comes as one JSON body.
//!
//! A body may be megabytes long and come in any pieces, and it is being forwarded meanwhile: so it is walked with a
//! few bytes of state. Strings are skipped, brackets counted, and only the values of a handful of top-level keys
//! are kept, each up to [`LONGEST`] bytes. It does not judge whether the rest is good JSON; that is the client's
//! business.

use memchr::memchr2;

use super::Figures;
use crate::error::UpstreamError;
use crate::usage::{Reading, Unmetered, tokens_in};

/// The longest value kept, in bytes. A usage object has about 500.
const LONGEST: usize = 256 * 1024;

/// No wanted key is longer.
const LONGEST_KEY: usize = 16;

/// Reads a body as it goes by.
#[derive(Debug, Default)]
pub struct BodyMeter {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// At the top level, between `{` or `,` and `:`.
    before_colon: bool,
    reading_key: bool,
    key: Vec<u8>,
    current: Current,
    value: Vec<u8>,
    /// Bytes of `content` so far, framing included.
    content_bytes: u64,
    began: bool,
    complete: bool,
    gave_up: Option<Unmetered>,
    lost_value: bool,
    figures: Figures,
    id: Option<String>,
    model: Option<String>,
    stop_reason: Option<String>,
    error: Option<UpstreamError>,
}

/// The top-level member whose value is going by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Current {
    #[default]
    Other,
    Content,
    Usage,
    Id,
    Model,
    StopReason,
    Error,
}

impl Current {
    fn of(key: &[u8]) -> Self {
        match key {
            b"content" => Self::Content,
            b"usage" => Self::Usage,
            b"id" => Self::Id,
            b"model" => Self::Model,
            b"stop_reason" => Self::StopReason,
            b"error" => Self::Error,
            _ => Self::Other,
        }
    }

    const fn is_kept(self) -> bool {
        !matches!(self, Self::Other | Self::Content)
    }
}

impl BodyMeter {
    /// Takes the next bytes of the body, cut anywhere.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut at = 0;
        while at < chunk.len() && !self.complete && self.gave_up.is_none() {
            if self.in_string {
                at = self.string(chunk, at);
            } else {
                self.structure(chunk[at]);
                at += 1;
            }
        }
    }

    /// Content has been seen.
    pub const fn began(&self) -> bool {
        self.began
    }

    /// The closing brace has been seen.
    pub const fn complete(&self) -> bool {
        self.complete
    }

    /// The error that the body has told, if it has.
    pub const fn error(&self) -> Option<&UpstreamError> {
        self.error.as_ref()
    }

    /// What has been read until now.
    pub fn reading(&self) -> Reading {
        let unmetered = self.gave_up.or(if self.lost_value { Some(Unmetered::TooLarge) } else { None });
        Reading {
            counts: self.figures.counts(),
            input_reported: self.figures.input_reported(),
            // A body has one usage object: once it is there, it is final, whatever is cut behind it.
            output_final: self.figures.output_reported(),
            complete: self.complete,
            began: self.began,
            estimated_output: tokens_in(self.content_bytes),
            wire_bytes: 0,
            id: self.id.clone(),
            model: self.model.clone(),
            stop_reason: self.stop_reason.clone(),
            service_tier: self.figures.service_tier.clone(),
            web_searches: self.figures.web_searches.unwrap_or(0),
            error: self.error.clone(),
            unmetered,
        }
    }

    /// Goes on inside a string; returns where it stopped.
    fn string(&mut self, chunk: &[u8], at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            self.keep(&chunk[at..=at]);
            return at + 1;
        }
        let Some(found) = memchr2(b'"', b'\\', &chunk[at..]) else {
            self.keep(&chunk[at..]);
            return chunk.len();
        };
        let end = at + found;
        self.keep(&chunk[at..end]);
        if chunk[end] == b'\\' {
            self.escaped = true;
            self.keep(b"\\");
        } else {
            self.in_string = false;
            if self.reading_key {
                self.reading_key = false;
                self.current = Current::of(&self.key);
            } else {
                self.keep(b"\"");
            }
        }
        end + 1
    }

    fn structure(&mut self, byte: u8) {
        if self.depth == 0 {
            match byte {
                b'{' => {
                    self.depth = 1;
                    self.before_colon = true;
                }
                b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => {}
                _ => self.gave_up = Some(Unmetered::NotTheDialect),
            }
            return;
        }
        match (byte, self.depth) {
            (b'"', 1) if self.before_colon => {
                self.in_string = true;
                self.reading_key = true;
                self.key.clear();
                return;
            }
            (b':', 1) => {
                self.before_colon = false;
                self.value.clear();
                self.began |= self.current == Current::Content;
                return;
            }
            (b',', 1) => {
                self.end_value();
                self.before_colon = true;
                return;
            }
            (b'}' | b']', 1) => {
                self.end_value();
                self.complete = true;
                return;
            }
            (b'"', _) => self.in_string = true,
            (b'{' | b'[', _) => self.depth += 1,
            (b'}' | b']', _) => self.depth -= 1,
            _ => {}
        }
        self.keep(&[byte]);
    }

    #[inline]
    fn keep(&mut self, bytes: &[u8]) {
        if self.reading_key {
            if self.key.len() <= LONGEST_KEY {
                self.key.extend_from_slice(&bytes[..bytes.len().min(LONGEST_KEY + 1)]);
            }
        } else if self.current == Current::Content {
            self.content_bytes += bytes.len() as u64;
        } else if self.current.is_kept() {
            if self.value.len() + bytes.len() > LONGEST {
                self.current = Current::Other;
                self.value = Vec::new();
                self.lost_value = true;
            } else {
                self.value.extend_from_slice(bytes);
            }
        }
    }

    fn end_value(&mut self) {
        let current = std::mem::take(&mut self.current);
        let Ok(json) = std::str::from_utf8(&self.value) else { return };
        let string = || serde_json::from_str::<String>(json).ok();
        match current {
            Current::Usage => self.figures.merge(json),
            Current::Id => self.id = string(),
            Current::Model => self.model = string(),
            Current::StopReason => self.stop_reason = string(),
            Current::Error => self.error = crate::anthropic::error::read_inner(json.trim()),
            Current::Content | Current::Other => {}
        }
    }
}
