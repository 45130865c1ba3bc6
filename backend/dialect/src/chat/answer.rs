//! A whole Chat Completion, read and written.

use bytes::BytesMut;

use super::read::messages::{thoughts, tool_use};
use super::usage::Figures;
use crate::error::UpstreamError;
use crate::json::Json;
use crate::meter::reports::Reports;
use crate::neutral::turns::joined;
use crate::neutral::{Answer, Part, Restore, StopReason, Text, Usage, answer, ids};
use crate::openai;
use crate::scan::{self, Members, Value};

/// Reads a response body.
pub(crate) fn read(body: &[u8]) -> Result<Answer<'_>, UpstreamError> {
    let members = answer::body(body)?;
    let choice = members.get("choices").and_then(|choices| scan::list(choices.raw())?.into_iter().next());
    let Some(choice) = choice.as_ref().and_then(Members::of) else {
        return Err(openai::error::read(body).unwrap_or_else(answer::unreadable));
    };
    let message = choice.get("message").and_then(Members::of).ok_or_else(answer::unreadable)?;
    let id = members.str("id");
    let mut figures = Figures::default();
    if let Some(usage) = members.get("usage") {
        figures.usage(usage.raw());
    }
    if let Some(tier) = members.str("service_tier") {
        figures.tier(tier.into_owned());
    }
    let mut answer = Answer {
        parts: parts(&message, id.as_deref().unwrap_or_default())?,
        id,
        stop: choice.str("finish_reason").map(|reason| stop_reason(&reason)),
        sequence: None,
        usage: Usage::of(&figures),
    };
    answer.settle_stop();
    Ok(answer)
}

fn parts<'a>(message: &Members<'a>, stem: &str) -> Result<Vec<Part<'a>>, UpstreamError> {
    let mut parts = Vec::new();
    if let Some(text) = thoughts(message) {
        parts.push(Part::Thinking { text, signature: None });
    }
    let text = |name| message.get(name).and_then(Text::of).filter(|text| !text.is_empty());
    parts.extend(text("content").map(Part::text));
    parts.extend(text("refusal").map(Part::Refusal));
    let calls: Vec<Value<'a>> =
        message.get("tool_calls").and_then(|calls| scan::list(calls.raw())).unwrap_or_default();
    for (at, call) in calls.iter().enumerate() {
        let members = Members::of(call).ok_or_else(answer::unreadable)?;
        let mut call = tool_use(&members).map_err(|_| answer::unreadable())?;
        if call.id.is_empty() {
            call.id = ids::made(stem, at).into();
        }
        parts.push(Part::ToolUse(call));
    }
    Ok(parts)
}

/// Writes a response body.
pub(crate) fn write(answer: &Answer<'_>, restore: &Restore, out: &mut BytesMut) {
    let mut json = Json::new(out);
    json.open().member("id", &answer::id(answer.id.as_deref(), "chatcmpl-", restore));
    json.member("object", "chat.completion").key("created").value(restore.created);
    json.member("model", &restore.model).key("choices").list().open().key("index").value(0);
    json.key("message").open().member("role", "assistant");
    let of = |wanted: fn(&Part<'_>) -> bool| {
        let parts: Vec<Part<'_>> = answer.parts.iter().filter(|part| wanted(part)).cloned().collect();
        (!parts.is_empty()).then(|| joined(&parts, "").into_owned())
    };
    let thoughts: Vec<&str> = answer
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Thinking { text, .. } => Some(text.raw()),
            _ => None,
        })
        .collect();
    for (name, text) in [
        ("content", of(|part| matches!(part, Part::Text { .. }))),
        ("refusal", of(|part| matches!(part, Part::Refusal(_)))),
    ] {
        json.key(name);
        match &text {
            Some(text) => json.pieces(&[text]),
            None => json.raw("null"),
        };
    }
    if thoughts.iter().any(|text| !text.is_empty()) {
        json.key("reasoning_content").pieces(&thoughts);
    }
    calls(&mut json, &answer.parts);
    json.close().key("logprobs").raw("null").key("finish_reason");
    let refused = answer.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    json.string(finish_reason(answer.stop.unwrap_or(StopReason::EndTurn), refused)).close().end();
    json.key("usage");
    usage(&mut json, &answer.usage);
    json.close();
}

fn calls(json: &mut Json<'_>, parts: &[Part<'_>]) {
    if !parts.iter().any(|part| matches!(part, Part::ToolUse(_))) {
        return;
    }
    json.key("tool_calls").list();
    for part in parts {
        let Part::ToolUse(call) = part else { continue };
        json.open().member("id", &call.id).member("type", "function").key("function").open();
        json.member("name", &call.name).key("arguments").pieces(&[&call.input.escaped()]).close().close();
    }
    json.end();
}

/// Why it ended, from Chat's word.
pub(super) fn stop_reason(name: &str) -> StopReason {
    match name {
        "stop" => StopReason::EndTurn,
        "length" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" => StopReason::ContentFilter,
        _ => StopReason::Other,
    }
}

/// Chat's word for it. A refusal in words of its own is an answer; one without is the filter's.
pub(super) const fn finish_reason(reason: StopReason, refused: bool) -> &'static str {
    match reason {
        StopReason::MaxTokens => "length",
        StopReason::ToolUse => "tool_calls",
        StopReason::ContentFilter => "content_filter",
        StopReason::Refusal if !refused => "content_filter",
        _ => "stop",
    }
}

/// A usage object: input with what was cached, output with what was thought.
pub(super) fn usage(json: &mut Json<'_>, usage: &Usage) {
    let counts = &usage.counts;
    let written = counts.cache_write_5m + counts.cache_write_1h;
    json.open().key("prompt_tokens").value(counts.all_input());
    json.key("completion_tokens").value(counts.output).key("total_tokens").value(counts.total());
    json.key("prompt_tokens_details").open().key("cached_tokens").value(counts.cache_read);
    if written > 0 {
        json.key("cache_write_tokens").value(written);
    }
    json.close().key("completion_tokens_details").open();
    json.key("reasoning_tokens").value(counts.reasoning).close().close();
}
