//! A whole Gemini answer, read and written; a stream's chunks have the same shape.

use bytes::BytesMut;

use super::read::parts::answer_part;
use super::usage::Figures;
use crate::Dialect;
use crate::error::UpstreamError;
use crate::json::Json;
use crate::neutral::{Answer, Opaque, Part, Restore, StopReason, Text, Usage, answer, ids};
use crate::scan::{self, Members, Value};

/// Reads a response body.
pub(crate) fn read(body: &[u8]) -> Result<Answer<'_>, UpstreamError> {
    let members = answer::body(body)?;
    if members.get("error").is_some() {
        return Err(super::error::read(body).unwrap_or_else(answer::unreadable));
    }
    let id = members.either("responseId", "response_id").and_then(Value::str);
    let mut parts = Vec::new();
    let mut stop = None;
    if let Some(candidate) = candidate(&members) {
        let mut made = 0;
        for part in parts_of(&candidate) {
            let part = Members::of(&part).ok_or_else(answer::unreadable)?;
            let mut make_id = |_: &str| {
                made += 1;
                ids::made(id.as_deref().unwrap_or_default(), made - 1)
            };
            answer_part(&part, &mut parts, &mut make_id).map_err(|_| answer::unreadable())?;
        }
        stop = candidate.either("finishReason", "finish_reason").and_then(Value::str);
    } else if blocked(&members).is_none() {
        return Err(answer::unreadable());
    }
    let mut answer = Answer {
        id,
        parts,
        stop: Some(stop.map_or(StopReason::ContentFilter, |reason| stop_reason(&reason))),
        sequence: None,
        usage: usage(&members),
    };
    answer.settle_stop();
    Ok(answer)
}

/// The first candidate; only one is asked for.
pub(super) fn candidate<'a>(members: &Members<'a>) -> Option<Members<'a>> {
    let list = scan::list(members.get("candidates")?.raw())?;
    Members::of(list.first()?)
}

/// The parts of a candidate.
pub(super) fn parts_of<'a>(candidate: &Members<'a>) -> Vec<Value<'a>> {
    let content = candidate.get("content").and_then(Members::of).unwrap_or_default();
    content.get("parts").and_then(|parts| scan::list(parts.raw())).unwrap_or_default()
}

/// Why the prompt was not answered at all.
pub(super) fn blocked<'a>(members: &Members<'a>) -> Option<Value<'a>> {
    let feedback = members.either("promptFeedback", "prompt_feedback").and_then(Members::of)?;
    feedback.either("blockReason", "block_reason").cloned()
}

/// The usage of an answer or of a chunk.
pub(super) fn usage(members: &Members<'_>) -> Usage {
    let metadata = members.either("usageMetadata", "usage_metadata");
    metadata.map_or_else(Usage::default, |metadata| Usage::read::<Figures>(metadata.raw()))
}

/// Why it ended, from Gemini's word.
pub(super) fn stop_reason(name: &str) -> StopReason {
    match name {
        "STOP" => StopReason::EndTurn,
        "MAX_TOKENS" => StopReason::MaxTokens,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
            StopReason::ContentFilter
        }
        _ => StopReason::Other,
    }
}

/// Gemini's word for it.
pub(super) const fn finish_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::MaxTokens => "MAX_TOKENS",
        StopReason::Refusal | StopReason::ContentFilter => "SAFETY",
        StopReason::Other => "OTHER",
        _ => "STOP",
    }
}

/// Writes a response body.
pub(crate) fn write(answer: &Answer<'_>, restore: &Restore, out: &mut BytesMut) {
    let mut json = Json::new(out);
    json.open().key("candidates").list().open().key("content").open().key("parts").list();
    let mut signature = None;
    for part in &answer.parts {
        self::part(&mut json, part, &mut signature);
    }
    left_over(&mut json, signature);
    json.end().member("role", "model").close();
    json.member("finishReason", finish_reason(answer.stop.unwrap_or(StopReason::EndTurn)));
    json.key("index").value(0).close().end();
    tail(&mut json, Some(&answer.usage), answer.id.as_deref(), restore);
    json.close();
}

/// What stands behind the candidates.
pub(super) fn tail(json: &mut Json<'_>, usage: Option<&Usage>, id: Option<&str>, restore: &Restore) {
    if let Some(usage) = usage {
        json.key("usageMetadata");
        counts(json, usage);
    }
    let id = id.filter(|id| !id.is_empty()).unwrap_or(&restore.request_id);
    json.member("modelVersion", &restore.model).member("responseId", id);
}

/// A part of an answer; a signature waits for the part behind it.
pub(super) fn part(json: &mut Json<'_>, part: &Part<'_>, signature: &mut Option<String>) {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) if !text.is_empty() => {
            json.open().key("text").text(text);
            sign(json, signature);
            json.close();
        }
        Part::Thinking { text, signature: proof } => {
            if !text.is_empty() {
                thought(json, text);
            }
            if let Some(opaque) = proof {
                left_over(json, signature.replace(written(opaque)));
            }
        }
        Part::Redacted(opaque) => left_over(json, signature.replace(written(opaque))),
        Part::ToolUse(call) => {
            json.open().key("functionCall").open().member("id", &call.id).member("name", &call.name);
            json.key("args").raw(&call.input.object()).close();
            sign(json, signature);
            json.close();
        }
        _ => {}
    }
}

/// Thoughts, or a piece of them.
pub(super) fn thought(json: &mut Json<'_>, text: &Text<'_>) {
    json.open().key("text").text(text).key("thought").value(true).close();
}

pub(super) fn written(opaque: &Opaque<'_>) -> String {
    opaque.written(Dialect::Gemini).into_owned()
}

pub(super) fn sign(json: &mut Json<'_>, signature: &mut Option<String>) {
    if let Some(signature) = signature.take() {
        json.member("thoughtSignature", &signature);
    }
}

/// A signature behind which no part came stands on an empty one, as Gemini's own do at the end of a stream.
pub(super) fn left_over(json: &mut Json<'_>, signature: Option<String>) {
    if let Some(signature) = signature {
        json.open().member("text", "").member("thoughtSignature", &signature).close();
    }
}

/// A usage object: the prompt with what was cached, thoughts beside the candidates.
pub(super) fn counts(json: &mut Json<'_>, usage: &Usage) {
    let counts = &usage.counts;
    json.open().key("promptTokenCount").value(counts.all_input());
    json.key("candidatesTokenCount").value(counts.output.saturating_sub(counts.reasoning));
    if counts.cache_read > 0 {
        json.key("cachedContentTokenCount").value(counts.cache_read);
    }
    if counts.reasoning > 0 {
        json.key("thoughtsTokenCount").value(counts.reasoning);
    }
    json.key("totalTokenCount").value(counts.total()).close();
}
