//! Turns as contents of Gemini.
//!
//! Since its third generation Gemini refuses a call in the current turn whose signature is missing. Calls that another
//! provider made have none: the first of each answer gets the word that Google names for that case.

use std::collections::HashMap;

use super::is_older;
use crate::Dialect;
use crate::gemini::signature::SKIP;
use crate::json::Json;
use crate::neutral::draft::Draft;
use crate::neutral::turns::{INSTRUCTION, Said, joined, merged};
use crate::neutral::{Media, Part, Role, ToolResult, ToolUse};

/// `contents`.
pub(super) fn write(draft: &mut Draft<'_>) {
    let mut turns = merged(draft.conversation);
    in_order_of_calls(&mut turns);
    draft.json().key("contents").list();
    for (role, said) in &turns {
        let name = if *role == Role::Assistant { "model" } else { "user" };
        let before = draft.out.len();
        draft.json().open().member("role", name).key("parts").list();
        let empty = draft.out.len();
        let mut turn = Turn { signature: None, called: is_older(draft.target.model) };
        for said in said {
            match said {
                Said::Here(part) => turn.part(draft, part),
                Said::Instruction(Part::Text { text, .. }) => {
                    let pieces = [INSTRUCTION.0, text.raw(), INSTRUCTION.1];
                    draft.json().open().key("text").pieces(&pieces).close();
                }
                Said::Instruction(part) => turn.part(draft, part),
            }
        }
        if draft.out.len() == empty {
            draft.out.truncate(before);
        } else {
            draft.json().end().close();
        }
    }
    draft.json().end();
}

/// Results in the order of their calls: Gemini pairs them by that.
fn in_order_of_calls(turns: &mut [(Role, Vec<Said<'_>>)]) {
    for at in 1..turns.len() {
        let (before, after) = turns.split_at_mut(at);
        let mut places = HashMap::new();
        for (place, said) in before[at - 1].1.iter().enumerate() {
            if let Said::Here(Part::ToolUse(call)) = said {
                places.entry(&*call.id).or_insert(place);
            }
        }
        // Results stand first, and what is no result keeps its place behind them.
        after[0].1.sort_by_key(|said| match said {
            Said::Here(Part::ToolResult(result)) => places.get(&*result.id).copied(),
            _ => Some(usize::MAX),
        });
    }
}

/// Parts without a turn around them.
pub(super) fn parts<'p>(draft: &mut Draft<'_>, parts: impl Iterator<Item = &'p Part<'p>>) {
    let mut turn = Turn { signature: None, called: true };
    for part in parts {
        turn.part(draft, part);
    }
}

/// What is known of a turn while its parts are written.
struct Turn {
    /// A signature that belongs to the part behind it.
    signature: Option<String>,
    /// No call after this one needs a signature.
    called: bool,
}

impl Turn {
    fn part(&mut self, draft: &mut Draft<'_>, part: &Part<'_>) {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) if text.is_empty() => {}
            Part::Text { text, .. } | Part::Refusal(text) => {
                let mut json = draft.json();
                json.open().key("text").text(text);
                self.sign(&mut json);
                json.close();
            }
            Part::Image { media, .. } => self::media(&mut draft.json(), media, "image/png"),
            Part::File { media, .. } => self::media(&mut draft.json(), media, "application/pdf"),
            Part::ToolUse(call) => self.call(draft, call),
            Part::ToolResult(result) => self::result(draft, result),
            Part::Thinking { text, signature: Some(opaque) } if opaque.from == Dialect::Gemini => {
                if !text.is_empty() {
                    draft.json().open().key("text").text(text).key("thought").value(true).close();
                }
                self.signature = Some(opaque.payload.clone().into_owned());
            }
            // Another provider's thinking means nothing to Gemini.
            Part::Thinking { .. } | Part::Redacted(_) => {}
        }
    }

    fn sign(&mut self, json: &mut Json<'_>) {
        if let Some(signature) = self.signature.take() {
            json.member("thoughtSignature", &signature);
        }
    }

    fn call(&mut self, draft: &mut Draft<'_>, call: &ToolUse<'_>) {
        let name = draft.name(&call.name);
        if !std::mem::replace(&mut self.called, true) && self.signature.is_none() {
            self.signature = Some(SKIP.to_owned());
        }
        let mut json = draft.json();
        json.open().key("functionCall").open().member("name", &name);
        json.key("args").raw(&call.input.object()).close();
        self.sign(&mut json);
        json.close();
    }
}

fn media(json: &mut Json<'_>, media: &Media<'_>, usual: &str) {
    match media {
        Media::Base64 { mime, data } => {
            json.open().key("inlineData").open().member("mimeType", mime).key("data").text(data);
        }
        Media::Url(url) => {
            json.open().key("fileData").open().member("mimeType", mime_of(url.raw()).unwrap_or(usual));
            json.key("fileUri").text(url);
        }
    }
    json.close().close();
}

/// The type that a URL's ending tells.
fn mime_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "pdf" => Some("application/pdf"),
        _ => None,
    }
}

/// A result, and behind it the pictures that it cannot hold.
fn result(draft: &mut Draft<'_>, result: &ToolResult<'_>) {
    let name = draft.name(result.name.as_deref().unwrap_or(&result.id)).into_owned();
    let mut json = draft.json();
    json.open().key("functionResponse").open().member("name", &name).key("response").open();
    let key = if result.error { "error" } else { "output" };
    json.key(key).pieces(&[&joined(&result.parts, "\\n")]).close().close().close();
    for part in &result.parts {
        match part {
            Part::Image { media, .. } => self::media(&mut draft.json(), media, "image/png"),
            Part::File { media, .. } => self::media(&mut draft.json(), media, "application/pdf"),
            _ => {}
        }
    }
}
