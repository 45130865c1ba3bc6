//! Turns as messages of Chat Completions: one for each result, and what a result cannot hold behind all of them.

use crate::json::{Json, escaped};
use crate::neutral::draft::Draft;
use crate::neutral::turns::joined;
use crate::neutral::{Field, Media, Part, Role, Text, ToolResult, Turn};

/// `messages`.
pub(super) fn write(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    draft.json().key("messages").list();
    spoken(draft, "system", &conversation.system);
    for turn in &conversation.turns {
        match turn.role {
            Role::System => spoken(draft, "system", &turn.parts),
            Role::Assistant => assistant(draft, turn),
            Role::User => user(draft, turn),
        }
    }
    draft.json().end();
}

fn user(draft: &mut Draft<'_>, turn: &Turn<'_>) {
    let results = || {
        turn.parts.iter().filter_map(|part| match part {
            Part::ToolResult(result) => Some(result),
            _ => None,
        })
    };
    for result in results() {
        tool(draft, result);
    }
    let pictures =
        results().flat_map(|result| &result.parts).filter(|part| !matches!(part, Part::Text { .. }));
    let words = turn.parts.iter().filter(|part| !matches!(part, Part::ToolResult(_)));
    let rest: Vec<&Part<'_>> = pictures.chain(words).collect();
    if !rest.is_empty() {
        said(draft, "user", &rest);
    }
}

fn tool(draft: &mut Draft<'_>, result: &ToolResult<'_>) {
    if result.error {
        draft.drop(Field::ToolError);
    }
    let id = draft.id(&result.id);
    let mut json = draft.json();
    json.open().member("role", "tool").member("tool_call_id", &id);
    json.key("content").pieces(&[&joined(&result.parts, "\\n")]).close();
}

fn assistant(draft: &mut Draft<'_>, turn: &Turn<'_>) {
    let calls: Vec<_> = turn
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolUse(call) => Some(call),
            _ => None,
        })
        .collect();
    let words = joined(&turn.parts, "");
    if words.is_empty() && calls.is_empty() {
        return;
    }
    let mut json = draft.json();
    json.open().member("role", "assistant").key("content");
    if words.is_empty() {
        json.raw("null");
    } else {
        json.pieces(&[&words]);
    }
    if !calls.is_empty() {
        json.key("tool_calls").list();
        for call in calls {
            let (id, name) = (draft.id(&call.id), draft.name(&call.name));
            let mut json = draft.json();
            json.open().member("id", &id).member("type", "function").key("function").open();
            let arguments = call.input.escaped();
            let arguments = if arguments.is_empty() { "{}" } else { &arguments };
            json.member("name", &name).key("arguments").pieces(&[arguments]).close().close();
        }
        draft.json().end();
    }
    draft.json().close();
}

/// A message of words alone.
fn spoken(draft: &mut Draft<'_>, role: &str, parts: &[Part<'_>]) {
    if !parts.is_empty() {
        draft.json().open().member("role", role).key("content").pieces(&[&joined(parts, "\\n\\n")]).close();
    }
}

fn said(draft: &mut Draft<'_>, role: &str, parts: &[&Part<'_>]) {
    let mut json = draft.json();
    json.open().member("role", role).key("content");
    if let [Part::Text { text, .. }] = parts {
        json.text(text).close();
        return;
    }
    json.list();
    for part in parts {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) => {
                json.open().member("type", "text").key("text").text(text).close();
            }
            Part::Image { media, detail, .. } => {
                json.open().member("type", "image_url").key("image_url").open().key("url");
                url(&mut json, media);
                if let Some(detail) = detail {
                    json.key("detail").text(detail);
                }
                json.close().close();
            }
            Part::File { media, name, .. } => {
                json.open().member("type", "file").key("file").open();
                file_name(&mut json, name.as_ref());
                json.key("file_data");
                url(&mut json, media);
                json.close().close();
            }
            _ => {}
        }
    }
    json.end().close();
}

/// A URL, or the data themselves in one.
pub(crate) fn url(json: &mut Json<'_>, media: &Media<'_>) {
    match media {
        Media::Url(url) => json.text(url),
        Media::Base64 { mime, data } => json.pieces(&["data:", &escaped(mime), ";base64,", data.raw()]),
    };
}

/// `filename`, by whose ending the upstream knows what it is.
pub(crate) fn file_name(json: &mut Json<'_>, name: Option<&Text<'_>>) {
    let name = name.map_or("document.pdf", Text::raw);
    json.key("filename").pieces(&[name, if name.contains('.') { "" } else { ".pdf" }]);
}
