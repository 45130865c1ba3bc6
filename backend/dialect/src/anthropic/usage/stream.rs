//! The meter for a stream of Messages events.
//!
//! Nearly all events are `content_block_delta`: of those only the length of the text is taken, by comparing the
//! first bytes with the layout the provider uses and looking for the closing quote. Any other layout, and every
//! other event, goes through the scan. The `event:` name is not trusted, the data says what it is.

use memchr::memchr;

use super::Figures;
use crate::meter::reports::{Reports, keep};
use crate::meter::told::Told;
use crate::scan::{self, Value};

#[inline]
pub(super) fn event(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    if let Some(text) = delta_text(data) {
        told.began = true;
        told.generated(text);
    } else if !data.starts_with(br#"{"type":"ping""#) {
        other(figures, told, data);
    }
}

fn other(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    let names = ["type", "message", "delta", "usage", "error", "content_block"];
    let Ok(fields) = scan::lenient(data, &names) else {
        // `[DONE]` is a habit of compatible servers; anything else may have been text before it was broken.
        if data != b"[DONE]" {
            told.generated(data.len());
        }
        return;
    };
    let kind = fields.get("type").and_then(|value| value.str()).unwrap_or_default();
    match &*kind {
        "message_start" => {
            if let Some(message) = fields.get("message") {
                message_start(figures, told, message.raw());
            }
        }
        "content_block_start" => {
            told.began = true;
            told.generated(fields.get("content_block").map_or(0, |block| text_in(&block)));
        }
        "content_block_delta" => {
            told.began = true;
            told.generated(fields.get("delta").map_or(data.len(), |delta| text_in(&delta)));
        }
        "message_delta" => {
            told.began = true;
            if let Some(delta) = fields.get("delta")
                && let Ok(delta) = scan::lenient(delta.raw().as_bytes(), &["stop_reason"])
            {
                keep(&mut told.stop_reason, delta.get("stop_reason"));
            }
            if let Some(usage) = fields.get("usage") {
                figures.usage(usage.raw());
                // A delta in mid-stream has no stop reason yet, and its figure is not the last.
                told.final_output |= told.stop_reason.is_some() && figures.output_reported();
            }
        }
        "message_stop" => {
            told.complete = true;
            told.final_output |= told.stop_reason.is_some();
        }
        "ping" | "content_block_stop" => {}
        _ if fields.get("error").is_some() => {
            told.error = crate::anthropic::error::read(data);
        }
        _ => told.generated(data.len()),
    }
}

fn message_start(figures: &mut Figures, told: &mut Told, message: &str) {
    let names = ["id", "model", "usage", "stop_reason"];
    let Ok(fields) = scan::lenient(message.as_bytes(), &names) else { return };
    keep(&mut told.id, fields.get("id"));
    keep(&mut told.model, fields.get("model"));
    keep(&mut told.stop_reason, fields.get("stop_reason"));
    if let Some(usage) = fields.get("usage") {
        figures.usage(usage.raw());
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
