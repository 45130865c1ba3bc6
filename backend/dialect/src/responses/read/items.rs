//! Items of Responses, in a request's input and in an answer's output.

use std::borrow::Cow;

use crate::Dialect;
use crate::chat::read::messages::{arguments, url};
use crate::neutral::fields::{list, needed, object, text, word};
use crate::neutral::{
    Args, Conversation, Namespaced, Opaque, Part, Role, Text, ToolResult, ToolUse, Turn, Unsupported, ids,
    turns,
};
use crate::scan::{self, Members, Value};

use super::{ELSEWHERE, FREE_TEXT};

/// Reads `input`. Items of one side that follow each other are one turn.
pub(super) fn read<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    if let Some(text) = Text::of(value) {
        read.turns.push(Turn { role: Role::User, parts: vec![Part::text(text)] });
        return Ok(());
    }
    for value in list("input", value)? {
        let members = object("input[]", &value)?;
        let (role, parts) = item(&members)?;
        let instructions = role == Role::System && read.turns.is_empty();
        match read.turns.last_mut() {
            _ if instructions => read.system.extend(parts),
            Some(turn) if turn.role == role => turn.parts.extend(parts),
            _ => read.turns.push(Turn { role, parts }),
        }
    }
    turns::name_results(&mut read.turns);
    Ok(())
}

fn item<'a>(members: &Members<'a>) -> Result<(Role, Vec<Part<'a>>), Unsupported> {
    let kind = members.str("type").unwrap_or(Cow::Borrowed("message"));
    let field = "input[].call_id";
    match &*kind {
        "message" => message(members),
        "function_call_output" | "custom_tool_call_output" => {
            let id = ids::restored(word(field, needed(members, "call_id", field)?)?);
            let parts = content(needed(members, "output", "input[].output")?)?;
            Ok((Role::User, vec![Part::ToolResult(ToolResult { id, name: None, error: false, parts })]))
        }
        "item_reference" => Err(Unsupported::new("input[].type: item_reference", ELSEWHERE)),
        _ => match output(members)? {
            Some(parts) => Ok((Role::Assistant, parts)),
            None => {
                let reason = "messages, functions and their results, and reasoning are carried";
                Err(Unsupported::new(format!("input[].type: {kind}"), reason))
            }
        },
    }
}

/// What the model made, other than messages; `None` for what is not carried.
pub(crate) fn output<'a>(members: &Members<'a>) -> Result<Option<Vec<Part<'a>>>, Unsupported> {
    let kind = members.str("type").unwrap_or_default();
    let field = "input[].name";
    let call = |input| {
        let id = members.either("call_id", "id").and_then(Value::str).unwrap_or_default();
        let name = word(field, needed(members, "name", field)?)?;
        let name = match members.str("namespace").filter(|namespace| !namespace.is_empty()) {
            Some(namespace) => Cow::Owned(Namespaced::join(&namespace, &name)),
            None => name,
        };
        Ok(Some(vec![Part::ToolUse(ToolUse { id: ids::restored(id), name, input })]))
    };
    match &*kind {
        "message" => message(members).map(|(_, parts)| Some(parts)),
        "function_call" => call(arguments(members)),
        "custom_tool_call" => {
            let input = members.get("input").map_or("\"\"", Value::raw);
            call(Args::Object(format!("{{\"{FREE_TEXT}\":{input}}}").into()))
        }
        "reasoning" => Ok(Some(vec![reasoning(members)])),
        _ => Ok(None),
    }
}

fn message<'a>(members: &Members<'a>) -> Result<(Role, Vec<Part<'a>>), Unsupported> {
    let role = match &*members.str("role").unwrap_or_default() {
        "assistant" => Role::Assistant,
        "system" | "developer" => Role::System,
        _ => Role::User,
    };
    Ok((role, content(needed(members, "content", "input[].content")?)?))
}

fn content<'a>(value: &Value<'a>) -> Result<Vec<Part<'a>>, Unsupported> {
    if let Some(text) = Text::of(value) {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    list("input[].content", value)?.iter().map(part).collect()
}

fn part<'a>(value: &Value<'a>) -> Result<Part<'a>, Unsupported> {
    let members = object("input[].content[]", value)?;
    if members.get("file_id").is_some() {
        return Err(Unsupported::new("input[].content[].file_id", ELSEWHERE));
    }
    let kind = members.str("type").unwrap_or_default();
    match &*kind {
        "input_text" | "output_text" | "text" => {
            Ok(Part::text(text("content[].text", needed(&members, "text", "content[].text")?)?))
        }
        "refusal" => {
            Ok(Part::Refusal(text("content[].refusal", needed(&members, "refusal", "content[].refusal")?)?))
        }
        "input_image" => Ok(Part::Image {
            media: url("image_url", needed(&members, "image_url", "image_url")?)?,
            detail: members.get("detail").and_then(Text::of),
            cache: None,
        }),
        "input_file" => Ok(Part::File {
            media: match members.get("file_url") {
                Some(value) => url("file_url", value)?,
                None => url("file_data", needed(&members, "file_data", "file_data")?)?,
            },
            name: members.get("filename").and_then(Text::of),
            cache: None,
        }),
        kind => Err(Unsupported::new(format!("input[].content[].type: {kind}"), "no other dialect has it")),
    }
}

/// Reasoning: its summary, or the thoughts themselves where a server shows them, and what proves it.
fn reasoning<'a>(members: &Members<'a>) -> Part<'a> {
    let texts = |name| {
        let list = members.get(name).and_then(|list| scan::list(list.raw())).unwrap_or_default();
        let texts: Vec<Text<'a>> = list
            .iter()
            .filter_map(|part| Members::of(part)?.get("text").and_then(Text::of))
            .filter(|text| !text.is_empty())
            .collect();
        match texts.len() {
            0 => None,
            1 => texts.into_iter().next(),
            _ => Some(Text::escaped(texts.iter().map(Text::raw).collect::<Vec<_>>().join("\\n\\n"))),
        }
    };
    let text = texts("summary").or_else(|| texts("content")).unwrap_or_default();
    let signature = proof(members);
    match signature {
        Some(opaque) if opaque.redacted => Part::Redacted(opaque),
        signature => Part::Thinking { text, signature },
    }
}

/// `encrypted_content`, together with the item's id, without which OpenAI does not take it back.
pub(crate) fn proof<'a>(members: &Members<'a>) -> Option<Opaque<'a>> {
    let content = members.str("encrypted_content").filter(|content| !content.is_empty())?;
    let mut opaque = Opaque::read(Dialect::OpenaiResponses, false, content);
    if opaque.from == Dialect::OpenaiResponses && !opaque.payload.contains(':') {
        let id = members.str("id").unwrap_or_default();
        opaque.payload = Cow::Owned(format!("{id}:{}", opaque.payload));
    }
    Some(opaque)
}
