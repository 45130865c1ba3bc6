//! Turns as items of Responses: messages, calls and their results, and reasoning each by itself.

use super::role_name;
use crate::Dialect;
use crate::chat::write::messages::{file_name, url};
use crate::json::Json;
use crate::neutral::draft::Draft;
use crate::neutral::turns::joined;
use crate::neutral::{Field, Media, Opaque, Part, Role, Text, ToolResult};

/// `input`.
pub(super) fn input(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    draft.json().key("input").list();
    for turn in &conversation.turns {
        parts(draft, turn.role, &turn.parts);
    }
    if conversation.turns.is_empty() {
        parts(draft, Role::User, &conversation.system);
    }
    draft.json().end();
}

fn parts(draft: &mut Draft<'_>, role: Role, parts: &[Part<'_>]) {
    let mut at = 0;
    while at < parts.len() {
        match &parts[at] {
            Part::ToolUse(call) => {
                let (id, name) = (draft.id(&call.id), draft.name(&call.name));
                let arguments = call.input.escaped();
                let arguments = if arguments.is_empty() { "{}" } else { &arguments };
                let mut json = draft.json();
                json.open().member("type", "function_call").member("call_id", &id).member("name", &name);
                json.key("arguments").pieces(&[arguments]).close();
            }
            Part::ToolResult(result) => output(draft, result),
            Part::Thinking { text, signature: Some(opaque) } => reasoning(draft, text, opaque),
            Part::Redacted(opaque) => reasoning(draft, &Text::default(), opaque),
            Part::Thinking { signature: None, .. } => {}
            _ => {
                let said = |part: &Part<'_>| {
                    matches!(
                        part,
                        Part::Text { .. } | Part::Refusal(_) | Part::Image { .. } | Part::File { .. }
                    )
                };
                let end = parts[at..].iter().position(|part| !said(part)).map_or(parts.len(), |n| at + n);
                message(draft, role, &parts[at..end]);
                at = end;
                continue;
            }
        }
        at += 1;
    }
}

fn message(draft: &mut Draft<'_>, role: Role, parts: &[Part<'_>]) {
    let mut json = draft.json();
    json.open().member("type", "message").member("role", role_name(role)).key("content").list();
    for part in parts {
        content(&mut json, part, if role == Role::Assistant { "output_text" } else { "input_text" });
    }
    json.end().close();
}

fn content(json: &mut Json<'_>, part: &Part<'_>, text_kind: &str) {
    match part {
        Part::Text { text, .. } => {
            json.open().member("type", text_kind).key("text").text(text).close();
        }
        Part::Refusal(text) => {
            json.open().member("type", "refusal").key("refusal").text(text).close();
        }
        Part::Image { media, detail, .. } => {
            json.open().member("type", "input_image").key("image_url");
            url(json, media);
            json.key("detail").text(detail.as_ref().unwrap_or(&Text::plain("auto"))).close();
        }
        Part::File { media, name, .. } => {
            json.open().member("type", "input_file");
            match media {
                Media::Url(address) => {
                    json.key("file_url").text(address);
                }
                Media::Base64 { .. } => {
                    file_name(json, name.as_ref());
                    json.key("file_data");
                    url(json, media);
                }
            }
            json.close();
        }
        _ => {}
    }
}

fn output(draft: &mut Draft<'_>, result: &ToolResult<'_>) {
    if result.error {
        draft.drop(Field::ToolError);
    }
    let id = draft.id(&result.id);
    let mut json = draft.json();
    json.open().member("type", "function_call_output").member("call_id", &id).key("output");
    if result.parts.iter().all(|part| matches!(part, Part::Text { .. })) {
        json.pieces(&[&joined(&result.parts, "\\n")]);
    } else {
        json.list();
        for part in &result.parts {
            content(&mut json, part, "input_text");
        }
        json.end();
    }
    json.close();
}

/// Reasoning of OpenAI's own; another provider's means nothing to it.
fn reasoning(draft: &mut Draft<'_>, text: &Text<'_>, opaque: &Opaque<'_>) {
    if opaque.from != Dialect::OpenaiResponses {
        return;
    }
    let (id, encrypted) = opaque.payload.split_once(':').unwrap_or(("", &opaque.payload));
    let mut json = draft.json();
    json.open().member("type", "reasoning");
    if !id.is_empty() {
        json.member("id", id);
    }
    json.key("summary").list();
    if !text.is_empty() {
        json.open().member("type", "summary_text").key("text").text(text).close();
    }
    json.end().member("encrypted_content", encrypted).close();
}
