//! The events of a Gemini stream, each of them an answer in itself. It is over when every candidate has a reason to have
//! finished, or when the prompt was blocked; nothing else marks its end.

use serde_json::value::RawValue;

use super::Figures;
use crate::gemini;
use crate::meter::reports::{Reports, keep};
use crate::meter::told::Told;
use crate::scan::{self, Value};

pub(super) fn event(figures: &mut Figures, told: &mut Told, data: &[u8]) {
    let names = ["candidates", "usageMetadata", "error", "modelVersion", "responseId", "promptFeedback"];
    let Ok(fields) = scan::lenient(data, &names) else {
        if data != b"[DONE]" {
            told.generated(data.len());
        }
        return;
    };
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        told.error = gemini::error::read_inner(error.raw());
        return;
    }
    keep(&mut told.model, fields.get("modelVersion"));
    keep(&mut told.id, fields.get("responseId"));
    let candidates = fields.get("candidates").filter(|list| !list.is_null());
    let listed = candidates.as_ref().and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.raw()).ok());
    for candidate in listed.unwrap_or_default() {
        take_candidate(figures, told, candidate.get());
    }
    let usage = fields.get("usageMetadata");
    if let Some(feedback) = fields.get("promptFeedback")
        && let Ok(feedback) = scan::lenient(feedback.raw().as_bytes(), &["blockReason"])
        && let Some(reason) = feedback.get("blockReason")
    {
        keep(&mut told.stop_reason, Some(reason));
        told.began = true;
        figures.finished |= 1;
    } else if candidates.is_none() && usage.is_none() {
        told.generated(data.len());
    }
    if let Some(usage) = usage {
        figures.usage(usage.raw());
    }
    if figures.finished != 0 && figures.begun & !figures.finished == 0 {
        told.complete = true;
        told.final_output = true;
    }
}

fn take_candidate(figures: &mut Figures, told: &mut Told, candidate: &str) {
    let names = ["index", "content", "finishReason", "groundingMetadata"];
    let Ok(fields) = scan::lenient(candidate.as_bytes(), &names) else { return };
    let bit = 1_u128 << fields.get("index").and_then(|index| index.u64()).unwrap_or(0).min(127);
    figures.begun |= bit;
    let bytes = fields.get("content").map_or(0, |content| content_in(&content));
    told.generated(bytes);
    told.began |= bytes > 0;
    if let Some(reason) = fields.get("finishReason").filter(|reason| !reason.is_null()) {
        told.began = true;
        figures.finished |= bit;
        keep(&mut told.stop_reason, Some(reason));
    }
    if let Some(grounding) = fields.get("groundingMetadata")
        && let Ok(grounding) = scan::lenient(grounding.raw().as_bytes(), &["webSearchQueries"])
        && let Some(queries) = grounding.get("webSearchQueries")
    {
        figures.searches(queries.raw());
    }
}

/// Bytes of what was generated: of the known members of each part, and where there is none, all of the part.
fn content_in(content: &Value<'_>) -> usize {
    let raw = content.raw();
    let Ok(fields) = scan::lenient(raw.as_bytes(), &["parts"]) else { return 0 };
    let Some(parts) = fields.get("parts") else { return 0 };
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(parts.raw()) else { return raw.len() };
    parts.iter().map(|part| part_in(part.get())).sum()
}

fn part_in(part: &str) -> usize {
    let names =
        ["text", "functionCall", "inlineData", "executableCode", "codeExecutionResult", "thoughtSignature"];
    let Ok(fields) = scan::lenient(part.as_bytes(), &names) else { return part.len() };
    let known = names.iter().filter_map(|name| fields.get(name));
    let lengths = known.map(|value| if value.is_blank() { 0 } else { value.raw().trim_matches('"').len() });
    lengths.reduce(|sum, length| sum + length).unwrap_or(part.len())
}
