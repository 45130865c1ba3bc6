//! The meter for a stream of Messages events.
//!
//! Nearly all events are `content_block_delta`: of those only the length of the text is taken, by comparing the
//! first bytes with the layout the provider uses and looking for the closing quote. Any other layout, and every
//! other event, goes through the scan. The `event:` name is not trusted, the data says what it is.

use memchr::memchr;

use super::Figures;
use crate::error::UpstreamError;
use crate::scan::{self, Value};
use crate::sse::{Decoder, Event};
use crate::usage::{Reading, Unmetered, tokens_in};

/// Reads a stream as it goes by. Never fails: what it cannot read is counted as generated text, and so on the high
/// side.
#[derive(Debug, Default)]
pub struct StreamMeter {
    decoder: Decoder,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    figures: Figures,
    final_output: bool,
    complete: bool,
    began: bool,
    too_large: bool,
    /// Tokens in the text of content events, each event rounded up by itself.
    tokens: u64,
    id: Option<String>,
    model: Option<String>,
    stop_reason: Option<String>,
    error: Option<UpstreamError>,
}

impl StreamMeter {
    /// Takes the next bytes of the stream, cut anywhere.
    #[inline]
    pub fn push(&mut self, chunk: &[u8]) {
        let tally = &mut self.tally;
        if self.decoder.push(chunk, |event| tally.event(event)).is_err() {
            tally.too_large = true;
        }
    }

    /// The stream has ended, one way or the other. A last event without its blank line still counts.
    pub fn finish(&mut self) {
        let tally = &mut self.tally;
        self.decoder.finish(|event| tally.event(event));
    }

    /// Content has been seen.
    pub const fn began(&self) -> bool {
        self.tally.began
    }

    /// `message_stop` has been seen.
    pub const fn complete(&self) -> bool {
        self.tally.complete
    }

    /// The error that the stream has told, if it has.
    pub const fn error(&self) -> Option<&UpstreamError> {
        self.tally.error.as_ref()
    }

    /// Whether an event of ours could stand here: none of the provider's has begun and not ended.
    pub const fn between_events(&self) -> bool {
        self.decoder.between_events()
    }

    /// What has been read until now.
    pub fn reading(&self) -> Reading {
        let tally = &self.tally;
        let reported = tally.figures.output_reported();
        let unmetered = if tally.too_large { Some(Unmetered::TooLarge) } else { None };
        Reading {
            counts: tally.figures.counts(),
            input_reported: tally.figures.input_reported(),
            output_final: reported && tally.final_output,
            complete: tally.complete,
            began: tally.began,
            estimated_output: tally.tokens,
            wire_bytes: 0,
            id: tally.id.clone(),
            model: tally.model.clone(),
            stop_reason: tally.stop_reason.clone(),
            service_tier: tally.figures.service_tier.clone(),
            web_searches: tally.figures.web_searches.unwrap_or(0),
            error: tally.error.clone(),
            unmetered,
        }
    }
}

impl Tally {
    #[inline]
    fn event(&mut self, event: Event<'_>) {
        if let Some(text) = delta_text(event.data) {
            self.began = true;
            self.generated(text);
        } else if !event.data.starts_with(br#"{"type":"ping""#) {
            self.other(event.data);
        }
    }

    /// So many bytes of JSON string. Escapes make it longer than the text, never shorter.
    fn generated(&mut self, bytes: usize) {
        self.tokens = self.tokens.saturating_add(tokens_in(bytes as u64));
    }

    fn other(&mut self, data: &[u8]) {
        let names = ["type", "message", "delta", "usage", "error", "content_block"];
        let Ok(fields) = scan::lenient(data, &names) else {
            // `[DONE]` is a habit of compatible servers; anything else may have been text before it was broken.
            if data != b"[DONE]" {
                self.generated(data.len());
            }
            return;
        };
        let kind = fields.get("type").and_then(|value| value.str()).unwrap_or_default();
        match &*kind {
            "message_start" => {
                if let Some(message) = fields.get("message") {
                    self.message_start(message.raw());
                }
            }
            "content_block_start" => {
                self.began = true;
                self.generated(fields.get("content_block").map_or(0, |block| text_in(&block)));
            }
            "content_block_delta" => {
                self.began = true;
                self.generated(fields.get("delta").map_or(data.len(), |delta| text_in(&delta)));
            }
            "message_delta" => {
                self.began = true;
                if let Some(delta) = fields.get("delta")
                    && let Ok(delta) = scan::lenient(delta.raw().as_bytes(), &["stop_reason"])
                {
                    keep(&mut self.stop_reason, delta.get("stop_reason"));
                }
                if let Some(usage) = fields.get("usage") {
                    self.figures.merge(usage.raw());
                    // A delta in mid-stream has no stop reason yet, and its figure is not the last.
                    self.final_output |= self.stop_reason.is_some() && self.figures.output_reported();
                }
            }
            "message_stop" => {
                self.complete = true;
                self.final_output |= self.stop_reason.is_some();
            }
            "ping" | "content_block_stop" => {}
            _ if fields.get("error").is_some() => {
                self.error = crate::anthropic::error::read(data);
            }
            _ => self.generated(data.len()),
        }
    }

    fn message_start(&mut self, message: &str) {
        let names = ["id", "model", "usage", "stop_reason"];
        let Ok(fields) = scan::lenient(message.as_bytes(), &names) else { return };
        keep(&mut self.id, fields.get("id"));
        keep(&mut self.model, fields.get("model"));
        keep(&mut self.stop_reason, fields.get("stop_reason"));
        if let Some(usage) = fields.get("usage") {
            self.figures.merge(usage.raw());
        }
    }
}

fn keep(slot: &mut Option<String>, value: Option<Value<'_>>) {
    if let Some(text) = value.and_then(|value| value.str()) {
        *slot = Some(text.into_owned());
    }
}

/// Bytes of text in a `content_block_delta` of the usual layout; `None` for everything else.
#[inline]
fn delta_text(data: &[u8]) -> Option<usize> {
    let rest = data.strip_prefix(br#"{"type":"content_block_delta","index":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let rest = rest[digits..].strip_prefix(br#","delta":{"type":""#)?;
    let quote = memchr(b'"', rest)?;
    let key: &[u8] = match &rest[..quote] {
        b"text_delta" => br#","text":""#,
        b"thinking_delta" => br#","thinking":""#,
        b"input_json_delta" => br#","partial_json":""#,
        b"signature_delta" => br#","signature":""#,
        _ => return None,
    };
    let text = rest[quote + 1..].strip_prefix(key)?;
    scan::string_end(text, 0).ok()
}

/// The same for a delta of another layout, or for a block's start: the known strings in it, and where there are none
/// (a tool's name, a kind we do not know) all of it.
fn text_in(value: &Value<'_>) -> usize {
    let raw = value.raw();
    let names = ["text", "thinking", "partial_json", "signature"];
    let Ok(fields) = scan::lenient(raw.as_bytes(), &names) else { return raw.len() };
    let texts = names.iter().filter_map(|name| fields.get(name));
    texts.map(|text| text.raw().len().saturating_sub(2)).reduce(|sum, text| sum + text).unwrap_or(raw.len())
}
