//! The chunks of a Chat stream.
//!
//! Nearly all carry a few words for one choice: of those only the length is taken, by the layout that providers use.
//! Any other layout, and every other chunk, goes through the scan. The chunk that only names the role is no content:
//! providers send it before they know whether they can answer.

use memchr::memmem::find;
use serde_json::value::RawValue;

use super::Figures;
use crate::meter::reports::{Reports, keep};
use crate::meter::told::Told;
use crate::openai;
use crate::scan::{self, Value};

/// A partial picture is billed at a hundred tokens.
const PARTIAL_IMAGE_BYTES: usize = 200;

#[inline]
pub(super) fn event(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    match delta_text(data) {
        Some((choice, text)) if figures.introduced => {
            figures.begun |= choice;
            told.began |= text > 0;
            told.generated(text);
        }
        _ => other(figures, told, data),
    }
}

fn other(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    let names = ["choices", "usage", "error", "id", "model", "service_tier", "type", "x_groq"];
    let Ok(fields) = scan::lenient(data, &names) else {
        if data == b"[DONE]" {
            told.complete = true;
            told.final_output |= figures.is_finished();
        } else {
            told.generated(data.len());
        }
        return;
    };
    let given = |name| fields.get(name).filter(|value| !value.is_null());
    if let Some(error) = given("error") {
        told.error = openai::error::read_inner(error.raw());
        return;
    }
    keep(&mut told.id, given("id"));
    keep(&mut told.model, given("model"));
    keep(&mut figures.counts.tier, given("service_tier"));
    if let (false, Some(model)) = (figures.introduced, &told.model) {
        figures.model(model);
    }
    let mut usage = given("usage").is_some();
    if let Some(list) = given("choices") {
        figures.introduced = true;
        for choice in serde_json::from_str::<Vec<&RawValue>>(list.raw()).unwrap_or_default() {
            usage |= take_choice(figures, told, choice.get());
        }
    } else if let Some(kind) = given("type").and_then(|kind| kind.str()) {
        picture(figures, told, &kind);
    } else if !usage {
        told.generated(data.len());
    }
    // One service has its own place for it.
    if let Some(own) = given("x_groq").and_then(|own| scan::lenient(own.raw().as_bytes(), &["usage"]).ok())
        && let Some(own) = own.get("usage").filter(|own| !own.is_null())
    {
        figures.usage(own.raw());
        usage = true;
    }
    if let Some(total) = given("usage") {
        figures.usage(total.raw());
    }
    // Figures that come with every chunk are final only behind the end of the text. Not every service says `[DONE]`.
    if usage && figures.is_finished() && figures.output_reported() {
        told.final_output = true;
        told.complete = true;
    }
}

/// Reads one choice; whether it has usage in it, as with one service.
fn take_choice(figures: &mut Figures, told: &mut Told, choice: &str) -> bool {
    let names = ["index", "delta", "message", "text", "finish_reason", "usage"];
    let Ok(fields) = scan::lenient(choice.as_bytes(), &names) else { return false };
    let bit = 1_u128 << fields.get("index").and_then(|index| index.u64()).unwrap_or(0).min(127);
    figures.begun |= bit;
    let text = fields.get("text").map_or(0, |text| length(&text));
    let delta = fields.get("delta").or_else(|| fields.get("message"));
    let content = text + delta.map_or(0, |delta| content_in(&delta));
    told.generated(content);
    told.began |= content > 0;
    if let Some(reason) = fields.get("finish_reason").filter(|reason| !reason.is_null()) {
        told.began = true;
        figures.finished |= bit;
        keep(&mut told.stop_reason, Some(reason));
    }
    match fields.get("usage").filter(|usage| !usage.is_null()) {
        Some(usage) => {
            figures.usage(usage.raw());
            true
        }
        None => false,
    }
}

/// Bytes of generated text in a delta: the known strings in it, and where there is nothing known, all of it.
fn content_in(delta: &Value<'_>) -> usize {
    let names = [
        "role",
        "content",
        "refusal",
        "reasoning_content",
        "reasoning",
        "tool_calls",
        "function_call",
        "audio",
    ];
    let raw = delta.raw();
    if delta.is_blank() {
        return 0;
    }
    let Ok(fields) = scan::lenient(raw.as_bytes(), &names) else { return raw.len() };
    if names.iter().all(|name| fields.get(name).is_none()) {
        return raw.len();
    }
    // The same reasoning goes by two names, with some services by both at once.
    let reasoning = fields.get("reasoning_content").or_else(|| fields.get("reasoning"));
    let plain = [fields.get("content"), fields.get("refusal"), reasoning, fields.get("audio")];
    let plain: usize = plain.into_iter().flatten().map(|value| length(&value)).sum();
    let calls = fields.get("tool_calls").map_or(0, |list| calls_in(&list));
    plain + calls + fields.get("function_call").map_or(0, |call| call_in(call.raw()))
}

fn calls_in(list: &Value<'_>) -> usize {
    let calls = serde_json::from_str::<Vec<&RawValue>>(list.raw()).unwrap_or_default();
    let inside = |call: &&RawValue| {
        let Ok(fields) = scan::lenient(call.get().as_bytes(), &["function", "custom"]) else { return 0 };
        let call = fields.get("function").or_else(|| fields.get("custom"));
        call.map_or(0, |call| call_in(call.raw()))
    };
    calls.iter().map(inside).sum()
}

fn call_in(call: &str) -> usize {
    let names = ["name", "arguments", "input"];
    let Ok(fields) = scan::lenient(call.as_bytes(), &names) else { return 0 };
    names.iter().filter_map(|name| fields.get(name)).map(|text| length(&text)).sum()
}

/// Bytes of a string without its quotes, or of anything else.
fn length(value: &Value<'_>) -> usize {
    let raw = value.raw();
    match raw.strip_prefix('"') {
        Some(_) => raw.len() - 2,
        None if value.is_blank() => 0,
        None => raw.len(),
    }
}

/// An event of a stream of pictures.
fn picture(figures: &mut Figures, told: &mut Told, kind: &str) {
    if kind.ends_with(".completed") {
        told.began = true;
        told.stop_reason = Some("completed".to_owned());
        figures.finished = 1;
        told.complete = true;
    } else {
        told.began |= kind.ends_with(".partial_image");
        told.generated(PARTIAL_IMAGE_BYTES);
    }
}

/// The bit of its choice and the bytes of text of a chunk in the usual layout that has nothing else to tell; `None` for
/// every other.
#[inline]
fn delta_text(data: &[u8]) -> Option<(u128, usize)> {
    const OPEN: &[u8] = br#","delta":{"content":""#;
    let at = find(data, OPEN)?;
    let (before, text) = (&data[..at], &data[at + OPEN.len()..]);
    let (digit, before) = before.split_last()?;
    if !digit.is_ascii_digit() || !before.ends_with(br#""index":"#) {
        return None;
    }
    let end = scan::string_end(text, 0).ok()?;
    let rest = text[end + 1..].strip_prefix(b"}")?;
    // Quotes inside of strings are escaped, so these are members and not text.
    let tells_more = find(rest, br#""delta":"#).is_some()
        || find(rest, br#""finish_reason":""#).is_some()
        || find(data, br#""usage":{"#).is_some()
        || find(data, br#""error":"#).is_some();
    (rest.ends_with(b"}") && !tells_more).then_some((1 << (digit - b'0'), end))
}
