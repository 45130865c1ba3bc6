//! Contents and parts of Gemini, in requests and in answers.
//!
//! Calls have no ids, or ids that clients leave out. Each gets one by its place in the conversation; a result belongs to
//! the oldest call of its name that has none yet.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use crate::Dialect;
use crate::gemini::signature::SKIP;
use crate::neutral::fields::{list, object, text, word};
use crate::neutral::{
    Args, Conversation, Media, Opaque, Part, Role, Text, ToolResult, ToolUse, Turn, Unsupported, ids,
};
use crate::scan::{Members, Value};

use super::ELSEWHERE;

/// Reads `contents`.
pub(super) fn contents<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let mut pairing = Pairing::default();
    // One content may stand without its list.
    let listed = if value.raw().starts_with('{') { vec![value.clone()] } else { list("contents", value)? };
    for content in listed {
        let members = object("contents[]", &content)?;
        let model = members.str("role").is_some_and(|role| role == "model");
        let role = if model { Role::Assistant } else { Role::User };
        let mut parts = Vec::new();
        if let Some(value) = members.get("parts") {
            for part in list("contents[].parts", value)? {
                request_part(&object("contents[].parts[]", &part)?, &mut pairing, &mut parts)?;
            }
        }
        read.turns.push(Turn { role, parts });
    }
    Ok(())
}

/// Calls and which of them wait for a result.
#[derive(Default)]
struct Pairing<'a> {
    /// How many ids were made.
    count: usize,
    /// The ids of the calls; none where the result has come.
    waiting: Vec<Option<Cow<'a, str>>>,
    /// Numbers of calls, the oldest first.
    by_id: HashMap<Cow<'a, str>, VecDeque<usize>>,
    by_name: HashMap<Cow<'a, str>, VecDeque<usize>>,
}

impl<'a> Pairing<'a> {
    fn called(&mut self, call: &ToolUse<'a>) {
        let number = self.waiting.len();
        self.waiting.push(Some(call.id.clone()));
        self.by_id.entry(call.id.clone()).or_default().push_back(number);
        self.by_name.entry(call.name.clone()).or_default().push_back(number);
    }

    /// The id of the call that a result with this id, or without one for this function, belongs to.
    fn answered(&mut self, id: Option<&str>, name: &str) -> Option<Cow<'a, str>> {
        let numbers = match id {
            Some(id) => self.by_id.get_mut(id)?,
            None => self.by_name.get_mut(name)?,
        };
        while let Some(number) = numbers.pop_front() {
            if let Some(id) = self.waiting[number].take() {
                return Some(id);
            }
        }
        None
    }
}

fn request_part<'a>(
    members: &Members<'a>,
    pairing: &mut Pairing<'a>,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), Unsupported> {
    if let Some(value) = members.either("functionResponse", "function_response") {
        let members = object("functionResponse", value)?;
        let name = members.str("name").unwrap_or_default();
        let told = members.str("id").filter(|id| !id.is_empty()).map(ids::restored);
        let paired = pairing.answered(told.as_deref(), &name);
        let id = told.or(paired).unwrap_or_else(|| ids::made(&name, pairing.count).into());
        parts.push(Part::ToolResult(result(&members, id, name)?));
        return Ok(());
    }
    if let Some(value) = members.either("fileData", "file_data") {
        parts.push(file(&object("fileData", value)?)?);
        return Ok(());
    }
    let from = parts.len();
    answer_part(members, parts, &mut |name| {
        pairing.count += 1;
        ids::made(name, pairing.count)
    })?;
    for part in &parts[from..] {
        if let Part::ToolUse(call) = part {
            pairing.called(call);
        }
    }
    Ok(())
}

/// One part as the model makes them, too. A signature becomes thinking in front of what it signs.
pub(crate) fn answer_part<'a>(
    members: &Members<'a>,
    parts: &mut Vec<Part<'a>>,
    make_id: &mut impl FnMut(&str) -> String,
) -> Result<(), Unsupported> {
    let signature = members.either("thoughtSignature", "thought_signature").and_then(Value::str);
    let signature = signature.filter(|signature| signature != SKIP);
    let signature = signature.map(|field| Opaque::read(Dialect::Gemini, false, field));
    let words = members.get("text").and_then(Text::of);
    if members.get("thought").and_then(Value::bool) == Some(true) {
        parts.push(Part::Thinking { text: words.unwrap_or_default(), signature });
        return Ok(());
    }
    match signature {
        Some(opaque) if opaque.redacted => parts.push(Part::Redacted(opaque)),
        Some(opaque) => sign(parts, opaque),
        None => {}
    }
    if let Some(text) = words {
        if !text.is_empty() {
            parts.push(Part::text(text));
        }
        return Ok(());
    }
    for (name, value) in members.iter() {
        match name {
            "functionCall" | "function_call" => {
                let call = object("functionCall", value)?;
                let name = call.str("name").unwrap_or_default();
                let id = call.str("id").filter(|id| !id.is_empty()).map(ids::restored);
                let id = id.unwrap_or_else(|| make_id(&name).into());
                let input = Args::Object(call.get("args").map_or("{}", Value::raw).into());
                parts.push(Part::ToolUse(ToolUse { id, name, input }));
            }
            "inlineData" | "inline_data" => parts.push(inline(&object("inlineData", value)?)?),
            "executableCode" | "codeExecutionResult" | "executable_code" | "code_execution_result" => {
                return Err(Unsupported::new(format!("contents[].parts[].{name}"), ELSEWHERE));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Thoughts that stand right before are what is signed; otherwise the signature stands alone.
fn sign<'a>(parts: &mut Vec<Part<'a>>, opaque: Opaque<'a>) {
    match parts.last_mut() {
        Some(Part::Thinking { signature: signature @ None, .. }) => *signature = Some(opaque),
        _ => parts.push(Part::Thinking { text: Text::default(), signature: Some(opaque) }),
    }
}

/// Bytes in base64 as every provider reads them. Google reads the alphabet for URLs too, and no padding; its client for
/// Python sends that.
fn standard(data: Text<'_>) -> Text<'_> {
    let raw = data.raw();
    let lacks = if raw.contains('\\') { 0 } else { raw.len().wrapping_neg() % 4 };
    if lacks == 0 && !raw.contains(['-', '_']) {
        return data;
    }
    let mut plain = raw.replace('-', "+").replace('_', "/");
    plain.push_str(&"==="[..lacks]);
    Text::escaped(plain)
}

fn inline<'a>(members: &Members<'a>) -> Result<Part<'a>, Unsupported> {
    let mime = members.either("mimeType", "mime_type").and_then(Value::str).unwrap_or_default();
    let data = members.get("data").ok_or_else(|| Unsupported::new("inlineData.data", "it is required"))?;
    let data = standard(text("inlineData.data", data)?);
    if mime.starts_with("image/") {
        let media = Media::Base64 { mime, data };
        Ok(Part::Image { media, detail: None, cache: None })
    } else if mime.starts_with("audio/") || mime.starts_with("video/") {
        Err(Unsupported::new("inlineData.mimeType", "pictures and documents are carried"))
    } else {
        let name = members.either("displayName", "display_name").and_then(Text::of);
        Ok(Part::File { media: Media::Base64 { mime, data }, name, cache: None })
    }
}

fn file<'a>(members: &Members<'a>) -> Result<Part<'a>, Unsupported> {
    let uri = members.either("fileUri", "file_uri");
    let uri = uri.ok_or_else(|| Unsupported::new("fileData.fileUri", "it is required"))?;
    let plain = word("fileData.fileUri", uri)?;
    let web = plain.starts_with("https://") || plain.starts_with("http://");
    if !web || plain.contains("generativelanguage.googleapis.com") || plain.contains("youtube.com") {
        return Err(Unsupported::new("fileData.fileUri", ELSEWHERE));
    }
    let media = Media::Url(text("fileData.fileUri", uri)?);
    let image = members
        .either("mimeType", "mime_type")
        .and_then(Value::str)
        .is_none_or(|mime| mime.starts_with("image/"));
    Ok(if image {
        Part::Image { media, detail: None, cache: None }
    } else {
        Part::File { media, name: None, cache: None }
    })
}

/// A result: its text where it is nothing else, and the JSON of it otherwise.
fn result<'a>(
    members: &Members<'a>,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
) -> Result<ToolResult<'a>, Unsupported> {
    let response = members.get("response");
    let inner = response.and_then(Members::of).unwrap_or_default();
    let only = if inner.iter().count() == 1 { inner.iter().next() } else { None };
    let (error, text) = match only {
        Some((key @ ("output" | "result" | "error"), value)) => {
            let text = Text::of(value).unwrap_or_else(|| Text::plain(value.raw()));
            (key == "error", text)
        }
        _ => (false, Text::plain(response.map_or("{}", Value::raw))),
    };
    let mut parts = vec![Part::text(text)];
    if let Some(more) = members.get("parts") {
        for part in list("functionResponse.parts", more)? {
            let part = object("functionResponse.parts[]", &part)?;
            if let Some(data) = part.either("inlineData", "inline_data") {
                parts.push(inline(&object("inlineData", data)?)?);
            }
        }
    }
    Ok(ToolResult { id, name: Some(name), error, parts })
}
