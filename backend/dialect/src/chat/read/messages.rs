//! Messages of Chat Completions.

use crate::neutral::fields::{list, needed, object, text, word};
use crate::neutral::{
    Args, Conversation, Media, Part, Role, Text, ToolResult, ToolUse, Turn, Unsupported, ids, turns,
};
use crate::scan::{Members, Value};

use super::{NOT_CARRIED, OLDER};

/// Reads `messages`. Instructions before the first turn are the conversation's, later ones a turn of their own.
pub(super) fn read<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for message in list("messages", value)? {
        let members = object("messages[]", &message)?;
        let role = word("messages[].role", needed(&members, "role", "messages[].role")?)?;
        match &*role {
            "system" | "developer" => {
                let parts = content(&members)?;
                if read.turns.is_empty() {
                    read.system.extend(parts);
                } else {
                    read.turns.push(Turn { role: Role::System, parts });
                }
            }
            "assistant" => {
                let parts = assistant(&members)?;
                read.turns.push(Turn { role: Role::Assistant, parts });
            }
            "tool" => {
                let field = "messages[].tool_call_id";
                let id = ids::restored(word(field, needed(&members, "tool_call_id", field)?)?);
                let parts = content(&members)?;
                let result = Part::ToolResult(ToolResult { id, name: None, error: false, parts });
                match read.turns.last_mut() {
                    Some(Turn { role: Role::User, parts })
                        if matches!(parts.last(), Some(Part::ToolResult(_))) =>
                    {
                        parts.push(result);
                    }
                    _ => read.turns.push(Turn { role: Role::User, parts: vec![result] }),
                }
            }
            "function" => return Err(Unsupported::new("messages[].role: function", OLDER)),
            _ => read.turns.push(Turn { role: Role::User, parts: content(&members)? }),
        }
    }
    turns::name_results(&mut read.turns);
    Ok(())
}

fn assistant<'a>(members: &Members<'a>) -> Result<Vec<Part<'a>>, Unsupported> {
    let mut parts = Vec::new();
    if let Some(raw) = thoughts(members) {
        parts.push(Part::Thinking { text: raw, signature: None });
    }
    parts.extend(content(members)?);
    if let Some(refusal) = members.get("refusal").and_then(Text::of) {
        parts.push(Part::Refusal(refusal));
    }
    for call in
        members.get("tool_calls").map(|calls| list("tool_calls", calls)).transpose()?.unwrap_or_default()
    {
        parts.push(Part::ToolUse(tool_use(&object("tool_calls[]", &call)?)?));
    }
    for (name, reason) in [("function_call", OLDER), ("audio", NOT_CARRIED)] {
        if members.get(name).is_some() {
            return Err(Unsupported::new(format!("messages[].{name}"), reason));
        }
    }
    Ok(parts)
}

/// What was thought, in the two words that compatible servers have for it.
pub(crate) fn thoughts<'a>(members: &Members<'a>) -> Option<Text<'a>> {
    members.either("reasoning_content", "reasoning").and_then(Text::of).filter(|text| !text.is_empty())
}

/// One call, of a request or of an answer.
pub(crate) fn tool_use<'a>(members: &Members<'a>) -> Result<ToolUse<'a>, Unsupported> {
    let field = "tool_calls[].function";
    let Some(function) = members.get("function") else {
        return Err(Unsupported::new("tool_calls[].type", "only functions are carried"));
    };
    let function = object(field, function)?;
    let id = members.str("id").unwrap_or_default();
    Ok(ToolUse {
        id: ids::restored(id),
        name: word("tool_calls[].function.name", needed(&function, "name", "tool_calls[].function.name")?)?,
        input: arguments(&function),
    })
}

/// A call's arguments, which some servers send as the object itself.
pub(crate) fn arguments<'a>(members: &Members<'a>) -> Args<'a> {
    let Some(value) = members.get("arguments") else { return Args::Escaped(Text::default()) };
    match Text::of(value) {
        Some(text) => Args::Escaped(text),
        None => Args::Object(value.raw().into()),
    }
}

fn content<'a>(members: &Members<'a>) -> Result<Vec<Part<'a>>, Unsupported> {
    let Some(value) = members.get("content") else { return Ok(Vec::new()) };
    if let Some(text) = Text::of(value) {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    list("messages[].content", value)?.iter().map(part).collect()
}

fn part<'a>(value: &Value<'a>) -> Result<Part<'a>, Unsupported> {
    let members = object("messages[].content[]", value)?;
    let kind = members.str("type").unwrap_or_default();
    match &*kind {
        "text" => Ok(Part::text(text("content[].text", needed(&members, "text", "content[].text")?)?)),
        "refusal" => {
            Ok(Part::Refusal(text("content[].refusal", needed(&members, "refusal", "content[].refusal")?)?))
        }
        "image_url" => {
            let image = object("image_url", needed(&members, "image_url", "image_url")?)?;
            Ok(Part::Image {
                media: url("image_url.url", needed(&image, "url", "image_url.url")?)?,
                detail: image.get("detail").and_then(Text::of),
                cache: None,
            })
        }
        "file" => {
            let file = object("file", needed(&members, "file", "file")?)?;
            if file.get("file_id").is_some() {
                let reason = "the file is at OpenAI, and the request goes to another provider";
                return Err(Unsupported::new("file.file_id", reason));
            }
            Ok(Part::File {
                media: url("file.file_data", needed(&file, "file_data", "file.file_data")?)?,
                name: file.get("filename").and_then(Text::of),
                cache: None,
            })
        }
        kind => Err(Unsupported::new(format!("content[].type: {kind}"), NOT_CARRIED)),
    }
}

pub(crate) fn url<'a>(field: &'static str, value: &Value<'a>) -> Result<Media<'a>, Unsupported> {
    Media::from_url(value).ok_or_else(|| Unsupported::new(field, "it must be a URL, or a data URL in base64"))
}
