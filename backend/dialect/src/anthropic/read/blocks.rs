//! Content blocks of Messages, in requests and in answers.

use std::borrow::Cow;

use crate::Dialect;
use crate::neutral::fields::{list, needed, object, text, word};
use crate::neutral::{Args, Dropped, Media, Opaque, Part, Text, ToolResult, ToolUse, Unsupported, ids};
use crate::scan::{Members, Value};

use super::ELSEWHERE;

/// Content, which is a string or a list of blocks.
pub(super) fn parts<'a>(
    field: &'static str,
    content: &Value<'a>,
    dropped: &mut Dropped,
) -> Result<Vec<Part<'a>>, Unsupported> {
    if let Some(text) = Text::of(content) {
        return Ok(vec![Part::text(text)]);
    }
    let mut parts = Vec::new();
    for block in list(field, content)? {
        let members = object("content[]", &block)?;
        parts.extend(part(&members, dropped)?);
    }
    Ok(parts)
}

/// One block; `None` for what is left out.
pub(super) fn part<'a>(
    members: &Members<'a>,
    dropped: &mut Dropped,
) -> Result<Option<Part<'a>>, Unsupported> {
    let cache = members.get("cache_control").map(Value::raw);
    let kind = members.str("type").unwrap_or_default();
    let part = match &*kind {
        "text" => {
            if members.get("citations").is_some_and(|citations| !citations.is_blank()) {
                dropped.note("citations");
            }
            Part::Text { text: text("content[].text", needed(members, "text", "content[].text")?)?, cache }
        }
        "image" => {
            let media = source(members)?;
            Part::Image { media, detail: None, cache }
        }
        "document" => return document(members, cache).map(Some),
        "search_result" => {
            let content = needed(members, "content", "content[].content")?;
            let mut inner = parts("content[].content", content, dropped)?;
            return Ok(if inner.is_empty() { None } else { Some(inner.swap_remove(0)) });
        }
        "tool_use" => {
            let input = members.get("input").map_or("{}", Value::raw);
            Part::ToolUse(ToolUse {
                id: ids::restored(word("tool_use.id", needed(members, "id", "tool_use.id")?)?),
                name: word("tool_use.name", needed(members, "name", "tool_use.name")?)?,
                input: Args::Object(Cow::Borrowed(input)),
            })
        }
        "tool_result" => {
            let id = word("tool_use_id", needed(members, "tool_use_id", "tool_result.tool_use_id")?)?;
            let content =
                members.get("content").map(|content| parts("tool_result.content", content, dropped));
            let mut inner = content.transpose()?.unwrap_or_default();
            inner.retain(|part| matches!(part, Part::Text { .. } | Part::Image { .. } | Part::File { .. }));
            Part::ToolResult(ToolResult {
                id: ids::restored(id),
                name: None,
                error: members.get("is_error").and_then(Value::bool).unwrap_or(false),
                parts: inner,
            })
        }
        "thinking" => {
            let signature = members.str("signature").filter(|signature| !signature.is_empty());
            Part::Thinking {
                text: members.get("thinking").and_then(Text::of).unwrap_or_default(),
                signature: signature.map(|field| Opaque::read(Dialect::Anthropic, false, field)),
            }
        }
        "redacted_thinking" => {
            let data = members.str("data").unwrap_or_default();
            Part::Redacted(Opaque::read(Dialect::Anthropic, true, data))
        }
        "container_upload" => return Err(Unsupported::new("container_upload", ELSEWHERE)),
        _ => {
            dropped.note_unknown(&kind);
            return Ok(None);
        }
    };
    Ok(Some(part))
}

fn source<'a>(members: &Members<'a>) -> Result<Media<'a>, Unsupported> {
    let source = object("source", needed(members, "source", "source")?)?;
    match &*source.str("type").unwrap_or_default() {
        "base64" => Ok(Media::Base64 {
            mime: word("source.media_type", needed(&source, "media_type", "source.media_type")?)?,
            data: text("source.data", needed(&source, "data", "source.data")?)?,
        }),
        "url" => Ok(Media::Url(text("source.url", needed(&source, "url", "source.url")?)?)),
        "file" => Err(Unsupported::new("source.file_id", ELSEWHERE)),
        _ => Err(Unsupported::new("source.type", "it must be `base64` or `url`")),
    }
}

/// A document may also be plain text, or blocks of it: then it is text like any other.
fn document<'a>(members: &Members<'a>, cache: Option<&'a str>) -> Result<Part<'a>, Unsupported> {
    let source = object("source", needed(members, "source", "source")?)?;
    match &*source.str("type").unwrap_or_default() {
        "text" => {
            let text = text("source.data", needed(&source, "data", "source.data")?)?;
            Ok(Part::Text { text, cache })
        }
        "content" => {
            let content = needed(&source, "content", "source.content")?;
            let inner = parts("source.content", content, &mut Dropped::default())?;
            let texts: Vec<&str> = inner
                .iter()
                .filter_map(|part| match part {
                    Part::Text { text, .. } => Some(text.raw()),
                    _ => None,
                })
                .collect();
            Ok(Part::Text { text: Text::escaped(texts.join("\\n")), cache })
        }
        _ => Ok(Part::File {
            media: self::source(members)?,
            name: members.get("title").and_then(Text::of),
            cache,
        }),
    }
}
