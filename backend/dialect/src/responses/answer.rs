//! A whole response object, read and written; in a stream its first and its last events carry it too.

use std::borrow::Cow;

use bytes::BytesMut;

use super::read::items;
use super::usage::Figures;
use super::write::free_text;
use crate::Dialect;
use crate::error::UpstreamError;
use crate::json::Json;
use crate::meter::reports::Reports;
use crate::neutral::{Answer, Opaque, Part, Restore, StopReason, Text, Usage, answer};
use crate::openai;
use crate::scan::{self, Members, Value};

/// Reads a response body.
pub(crate) fn read(body: &[u8]) -> Result<Answer<'_>, UpstreamError> {
    let members = answer::body(body)?;
    if members.get("error").is_some() {
        return Err(openai::error::read(body).unwrap_or_else(answer::unreadable));
    }
    let output = members.get("output").and_then(|output| scan::list(output.raw()));
    let mut parts = Vec::new();
    for item in output.ok_or_else(answer::unreadable)? {
        let item = Members::of(&item).ok_or_else(answer::unreadable)?;
        parts.extend(items::output(&item).map_err(|_| answer::unreadable())?.unwrap_or_default());
    }
    let mut answer = Answer {
        id: members.str("id"),
        parts,
        stop: Some(stop(&members)),
        sequence: None,
        usage: usage(&members),
    };
    answer.settle_stop();
    Ok(answer)
}

/// Why it ended, from status and details.
pub(super) fn stop(members: &Members<'_>) -> StopReason {
    let details = members.get("incomplete_details").and_then(Members::of).unwrap_or_default();
    match (&*members.str("status").unwrap_or_default(), &*details.str("reason").unwrap_or_default()) {
        ("incomplete", "content_filter") => StopReason::ContentFilter,
        ("incomplete", _) => StopReason::MaxTokens,
        _ => StopReason::EndTurn,
    }
}

/// The usage of a response object.
pub(super) fn usage(members: &Members<'_>) -> Usage {
    let mut figures = Figures::default();
    if let Some(usage) = members.get("usage") {
        figures.usage(usage.raw());
    }
    if let Some(tier) = members.str("service_tier") {
        figures.tier(tier.into_owned());
    }
    Usage::of(&figures)
}

/// Writes a response body.
pub(crate) fn write(answer: &Answer<'_>, restore: &Restore, out: &mut BytesMut) {
    let id = answer::id(answer.id.as_deref(), "resp_", restore);
    let refused = answer.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let end = End::of(answer.stop.unwrap_or(StopReason::EndTurn), refused);
    response(&mut Json::new(out), &id, restore, end, Some(&answer.usage), |json| {
        for (index, part) in answer.parts.iter().enumerate() {
            item(json, &id, index, part, restore, None);
        }
    });
}

/// How far a response object has come.
#[derive(Clone, Copy)]
pub(super) enum End {
    InProgress,
    Completed,
    /// With the reason.
    Incomplete(&'static str),
}

impl End {
    /// A refusal in words of its own is an answer; one without is the filter's.
    pub(super) const fn of(reason: StopReason, refused: bool) -> Self {
        match reason {
            StopReason::MaxTokens => Self::Incomplete("max_output_tokens"),
            StopReason::ContentFilter => Self::Incomplete("content_filter"),
            StopReason::Refusal if !refused => Self::Incomplete("content_filter"),
            _ => Self::Completed,
        }
    }

    pub(super) const fn status(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

/// A response object; `items` writes its output.
pub(super) fn response(
    json: &mut Json<'_>,
    id: &str,
    restore: &Restore,
    end: End,
    usage: Option<&Usage>,
    items: impl FnOnce(&mut Json<'_>),
) {
    json.open().member("id", id).member("object", "response");
    json.key("created_at").value(restore.created).member("status", end.status());
    json.key("background").value(false).key("error").raw("null").key("incomplete_details");
    match end {
        End::Incomplete(reason) => json.open().member("reason", reason).close(),
        _ => json.raw("null"),
    };
    json.member("model", &restore.model).key("output").list();
    items(json);
    json.end();
    if !restore.echo.is_empty() {
        json.raw(&restore.echo);
    }
    json.key("store").value(false).key("usage");
    match usage {
        Some(usage) => counts(json, usage),
        None => {
            json.raw("null");
        }
    }
    json.close();
}

/// A usage object: input with what was cached, output with what was thought.
fn counts(json: &mut Json<'_>, usage: &Usage) {
    let counts = &usage.counts;
    let written = counts.cache_write_5m + counts.cache_write_1h;
    json.open().key("input_tokens").value(counts.all_input()).key("input_tokens_details").open();
    json.key("cached_tokens").value(counts.cache_read);
    if written > 0 {
        json.key("cache_write_tokens").value(written);
    }
    json.close().key("output_tokens").value(counts.output).key("output_tokens_details").open();
    json.key("reasoning_tokens").value(counts.reasoning).close();
    json.key("total_tokens").value(counts.total()).close();
}

/// One finished item, under the id that it has been given already, if it has.
pub(super) fn item(
    json: &mut Json<'_>,
    stem: &str,
    index: usize,
    part: &Part<'_>,
    restore: &Restore,
    given: Option<&str>,
) {
    let id = given.map_or_else(|| item_id(part, stem, index, restore), Cow::Borrowed);
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => {
            json.open().member("id", &id).member("type", "message").member("status", "completed");
            json.member("role", "assistant").key("content").list();
            content(json, matches!(part, Part::Refusal(_)), text.raw());
            json.end().close();
        }
        Part::Thinking { text, signature } => reasoning(json, &id, text, signature.as_ref()),
        Part::Redacted(opaque) => reasoning(json, &id, &Text::default(), Some(opaque)),
        Part::ToolUse(call) if restore.free_text.iter().any(|name| *name == call.name) => {
            json.open().member("id", &id).member("type", "custom_tool_call").member("status", "completed");
            named(json.member("call_id", &call.id), &call.name, restore);
            json.key("input").pieces(&[&free_text(&call.input.object())]).close();
        }
        Part::ToolUse(call) => {
            json.open().member("id", &id).member("type", "function_call").member("status", "completed");
            named(json.member("call_id", &call.id), &call.name, restore);
            json.key("arguments").pieces(&[&call.input.escaped()]).close();
        }
        Part::Image { .. } | Part::File { .. } | Part::ToolResult(_) => {}
    }
}

/// The name of the tool that is called, as its client knows it.
pub(super) fn named(json: &mut Json<'_>, name: &str, restore: &Restore) {
    let (namespace, name) = restore.apart(name);
    json.member("name", name);
    if let Some(namespace) = namespace {
        json.member("namespace", namespace);
    }
}

/// The id of an item: for reasoning of OpenAI's own the one that it had.
pub(super) fn item_id(part: &Part<'_>, stem: &str, index: usize, restore: &Restore) -> Cow<'static, str> {
    let prefix = match part {
        Part::Thinking { signature: Some(opaque), .. } | Part::Redacted(opaque)
            if opaque.from == Dialect::OpenaiResponses =>
        {
            let (own, _) = opaque.payload.split_once(':').unwrap_or_default();
            if !own.is_empty() {
                return Cow::Owned(own.to_owned());
            }
            "rs"
        }
        Part::Thinking { .. } | Part::Redacted(_) => "rs",
        Part::ToolUse(call) if restore.free_text.iter().any(|name| *name == call.name) => "ctc",
        Part::ToolUse(_) => "fc",
        _ => "msg",
    };
    answer::part_id(prefix, stem, index)
}

/// A piece of a message.
pub(super) fn content(json: &mut Json<'_>, refusal: bool, raw: &str) {
    if refusal {
        json.open().member("type", "refusal").key("refusal").pieces(&[raw]).close();
    } else {
        json.open().member("type", "output_text").key("text").pieces(&[raw]);
        json.key("annotations").list().end().key("logprobs").list().end().close();
    }
}

fn reasoning(json: &mut Json<'_>, id: &str, text: &Text<'_>, proof: Option<&Opaque<'_>>) {
    json.open().member("id", id).member("type", "reasoning").key("summary").list();
    if !text.is_empty() {
        json.open().member("type", "summary_text").key("text").text(text).close();
    }
    json.end();
    if let Some(opaque) = proof {
        json.member("encrypted_content", &encrypted(opaque));
    }
    json.close();
}

/// What proves reasoning, without the id that is the item's.
pub(super) fn encrypted<'o>(opaque: &'o Opaque<'_>) -> Cow<'o, str> {
    match opaque.written(Dialect::OpenaiResponses) {
        Cow::Borrowed(own) => Cow::Borrowed(own.split_once(':').map_or(own, |(_, content)| content)),
        sealed => sealed,
    }
}

/// The items of a list, each with its members.
pub(super) fn members_of<'a>(value: &Value<'a>) -> Vec<Members<'a>> {
    let list = scan::list(value.raw()).unwrap_or_default();
    list.iter().filter_map(Members::of).collect()
}
