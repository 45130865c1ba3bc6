//! The events of a Responses stream.
//!
//! Nearly all are deltas: of those only the length of the text is taken. What repeats a text (`…done`, the items of
//! the last event) is not counted again. The stream has begun with its first item, and is over with `completed`,
//! `incomplete` or `failed`; an `error` is no end, because Codex ignores it.

use memchr::memmem::find;

use super::Figures;
use crate::meter::reports::{Reports, keep};
use crate::meter::told::Told;
use crate::openai;
use crate::scan::{self, Value};

/// A partial picture is billed at a hundred tokens.
const PARTIAL_IMAGE_BYTES: usize = 200;

#[inline]
pub(super) fn event(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    if let Some(text) = delta_text(data) {
        told.began = true;
        told.generated(text);
    } else {
        other(figures, told, data);
    }
}

fn other(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    let names = ["type", "response", "delta", "item", "error", "code", "message"];
    let Ok(fields) = scan::lenient(data, &names) else {
        if data != b"[DONE]" {
            told.generated(data.len());
        }
        return;
    };
    let given = |name| fields.get(name).filter(|value| !value.is_null());
    let kind = given("type").and_then(|kind| kind.str()).unwrap_or_default();
    let kind = kind.strip_prefix("response.").unwrap_or(&kind);
    match kind {
        "created" | "queued" | "in_progress" => response(figures, told, given("response")),
        "completed" | "incomplete" | "cancelled" | "done" => {
            told.began = true;
            response(figures, told, given("response"));
            told.complete = true;
            told.final_output = true;
        }
        "failed" => {
            response(figures, told, given("response"));
            told.complete = true;
            told.final_output = true;
        }
        "error" => {
            let inner =
                given("error").map_or_else(|| std::str::from_utf8(data).ok(), |error| Some(error.raw()));
            told.error = inner.and_then(openai::error::read_inner);
        }
        "output_item.added" => told.began = true,
        "output_item.done" => {
            told.began = true;
            if let Some(item) = given("item") {
                take_item(figures, told, &item);
            }
        }
        "keepalive" | "rate_limits.updated" | "codex.rate_limits" => {}
        _ if kind.ends_with(".partial_image") => {
            told.began = true;
            told.generated(PARTIAL_IMAGE_BYTES);
        }
        _ if kind.ends_with(".delta") => {
            told.began = true;
            told.generated(given("delta").map_or(data.len(), |delta| delta.raw().len().saturating_sub(2)));
        }
        // They repeat what the deltas have said, or say how a hosted tool fares.
        _ if ends_an_item(kind) => told.began = true,
        _ if kind.is_empty() && given("error").is_some() => told.error = openai::error::read(data),
        _ => told.generated(data.len()),
    }
}

fn ends_an_item(kind: &str) -> bool {
    const QUIET: [&str; 9] = [
        ".done",
        ".added",
        ".in_progress",
        ".searching",
        ".interpreting",
        ".generating",
        ".completed",
        ".failed",
        ".calling",
    ];
    QUIET.iter().any(|end| kind.ends_with(end))
}

/// Reasoning is sealed, and of it nothing else is seen: its length stands for it where the stream is cut.
fn take_item(figures: &mut Figures, told: &mut Told, item: &Value<'_>) {
    let Ok(fields) = scan::lenient(item.raw().as_bytes(), &["type", "encrypted_content"]) else { return };
    if let Some(kind) = fields.get("type").and_then(|kind| kind.str()) {
        figures.item(&kind);
    }
    told.generated(fields.get("encrypted_content").map_or(0, |sealed| sealed.raw().len().saturating_sub(2)));
}

fn response(figures: &mut Figures, told: &mut Told, response: Option<Value<'_>>) {
    let names = ["id", "model", "status", "usage", "service_tier", "error", "incomplete_details"];
    let Some(response) = response else { return };
    let Ok(fields) = scan::lenient(response.raw().as_bytes(), &names) else { return };
    let given = |name| fields.get(name).filter(|value| !value.is_null());
    keep(&mut told.id, given("id"));
    keep(&mut told.model, given("model"));
    keep(&mut figures.counts.tier, given("service_tier"));
    if let Some(usage) = given("usage") {
        figures.usage(usage.raw());
    }
    if let Some(error) = given("error") {
        told.error = openai::error::read_inner(error.raw());
    }
    let status = given("status").and_then(|status| status.str());
    if status.as_deref().is_some_and(|status| !matches!(status, "in_progress" | "queued")) {
        keep(&mut told.stop_reason, given("status"));
    }
    if let Some(details) = given("incomplete_details")
        && let Ok(details) = scan::lenient(details.raw().as_bytes(), &["reason"])
    {
        keep(&mut told.stop_reason, details.get("reason"));
    }
}

/// Bytes of text in a delta whose `type` comes first; `None` for every other event.
#[inline]
fn delta_text(data: &[u8]) -> Option<usize> {
    const DELTA: &[u8] = br#","delta":""#;
    let rest = data.strip_prefix(br#"{"type":"response."#)?;
    let (kind, rest) = rest.split_at(memchr::memchr(b'"', rest)?);
    if !kind.ends_with(b".delta") {
        return None;
    }
    // Quotes inside of strings are escaped, so this is a member and not text.
    let text = &rest[find(rest, DELTA)? + DELTA.len()..];
    let end = scan::string_end(text, 0).ok()?;
    text.ends_with(b"}").then_some(end)
}
