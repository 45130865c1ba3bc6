//! A whole Messages answer, read and written.

use std::borrow::Cow;

use bytes::BytesMut;

use super::usage::Figures;
use crate::Dialect;
use crate::error::UpstreamError;
use crate::json::Json;
use crate::meter::reports::Reports;
use crate::neutral::{Answer, Opaque, Part, Restore, StopReason, Text, Usage, answer};
use crate::scan::{Members, Value};

/// Reads a response body.
pub(crate) fn read(body: &[u8]) -> Result<Answer<'_>, UpstreamError> {
    let members = answer::body(body)?;
    if members.get("error").is_some() {
        return Err(super::error::read(body).unwrap_or_else(answer::unreadable));
    }
    let content = members.get("content").ok_or_else(answer::unreadable)?;
    let mut figures = Figures::default();
    if let Some(usage) = members.get("usage") {
        figures.usage(usage.raw());
    }
    Ok(Answer {
        id: members.str("id"),
        parts: super::read::answer_parts(content).ok_or_else(answer::unreadable)?,
        stop: members.str("stop_reason").map(|reason| stop_reason(&reason)),
        sequence: members.get("stop_sequence").and_then(Text::of),
        usage: Usage::of(&figures),
    })
}

/// Writes a response body.
pub(crate) fn write(answer: &Answer<'_>, restore: &Restore, out: &mut BytesMut) {
    let mut json = Json::new(out);
    json.open().member("id", &answer::id(answer.id.as_deref(), "msg_", restore));
    json.member("type", "message").member("role", "assistant").member("model", &restore.model);
    json.key("content").list();
    for part in &answer.parts {
        content(&mut json, part);
    }
    json.end().key("stop_reason");
    let reason = answer.stop.unwrap_or(StopReason::EndTurn);
    stop(&mut json, reason, answer.sequence.as_ref());
    json.key("usage");
    usage(&mut json, &answer.usage);
    json.close();
}

fn content(json: &mut Json<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) if !text.is_empty() => {
            json.open().member("type", "text").key("text").text(text).close();
        }
        Part::Thinking { text, signature } => {
            json.open().member("type", "thinking").key("thinking").text(text);
            json.member("signature", &signature.as_ref().map_or(Cow::Borrowed(""), written)).close();
        }
        Part::Redacted(opaque) => {
            json.open().member("type", "redacted_thinking").member("data", &written(opaque)).close();
        }
        Part::ToolUse(call) => {
            json.open().member("type", "tool_use").member("id", &call.id).member("name", &call.name);
            json.key("input").raw(&call.input.object()).close();
        }
        _ => {}
    }
}

pub(super) fn written<'o>(opaque: &'o Opaque<'_>) -> Cow<'o, str> {
    opaque.written(Dialect::Anthropic)
}

/// Why it ended, from Anthropic's word.
pub(super) fn stop_reason(name: &str) -> StopReason {
    match name {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "tool_use" => StopReason::ToolUse,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::Other,
    }
}

/// `stop_reason`'s value and `stop_sequence` behind it.
pub(super) fn stop(json: &mut Json<'_>, reason: StopReason, sequence: Option<&Text<'_>>) {
    json.string(match reason {
        StopReason::EndTurn | StopReason::Other => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::Refusal | StopReason::ContentFilter => "refusal",
        StopReason::Pause => "pause_turn",
    });
    json.key("stop_sequence");
    match sequence {
        Some(sequence) => json.text(sequence),
        None => json.raw("null"),
    };
}

/// A usage object with all its figures.
pub(super) fn usage(json: &mut Json<'_>, usage: &Usage) {
    let counts = &usage.counts;
    json.open().key("input_tokens").value(counts.input);
    json.key("cache_creation_input_tokens").value(counts.cache_write_5m + counts.cache_write_1h);
    json.key("cache_read_input_tokens").value(counts.cache_read);
    if counts.cache_write_1h > 0 {
        json.key("cache_creation").open();
        json.key("ephemeral_5m_input_tokens").value(counts.cache_write_5m);
        json.key("ephemeral_1h_input_tokens").value(counts.cache_write_1h).close();
    }
    json.key("output_tokens").value(counts.output);
    if counts.reasoning > 0 {
        json.key("output_tokens_details").open().key("thinking_tokens").value(counts.reasoning).close();
    }
    json.close();
}

/// The members of a block that a stream begins with.
pub(super) fn block<'a>(value: &Value<'a>) -> Option<Part<'a>> {
    super::read::block(&Members::of(value)?)
}
