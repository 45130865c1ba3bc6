//! A conversation without its thinking: the signatures in it belong to the account that made them, and another one
//! refuses them.
//!
//! Only the blocks themselves go. Everything else keeps its bytes; a message of which nothing is left goes as well.

use std::ops::Range;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    scan::{self, Value},
    splice::Edits,
};

/// The body without thinking blocks; `None` when it has none.
pub fn without(body: &[u8]) -> Option<Bytes> {
    let fields = scan::lenient(body, &["messages"]).ok()?;
    let messages = fields.get("messages")?;
    let listed: Vec<&RawValue> = serde_json::from_str(messages.raw()).ok()?;
    let mut changed = false;
    let kept = listed.iter().filter_map(|message| match message_without(message.get()) {
        Change::None => Some(message.get().to_owned()),
        Change::To(text) => {
            changed = true;
            Some(text)
        }
        Change::Gone => {
            changed = true;
            None
        }
    });
    let kept: Vec<String> = kept.collect();
    if !changed {
        return None;
    }
    let mut edits = Edits::new();
    edits.replace(messages.range(), format!("[{}]", kept.join(",")));
    edits.apply(Bytes::copy_from_slice(body)).ok()
}

enum Change {
    None,
    To(String),
    Gone,
}

fn message_without(message: &str) -> Change {
    let Some((content, range)) = content_of(message) else { return Change::None };
    let Ok(blocks) = serde_json::from_str::<Vec<&RawValue>>(content) else { return Change::None };
    let kept: Vec<&str> =
        blocks.iter().map(|block| block.get()).filter(|block| !is_thinking(block)).collect();
    if kept.len() == blocks.len() {
        return Change::None;
    }
    if kept.is_empty() {
        return Change::Gone;
    }
    Change::To(format!("{}[{}]{}", &message[..range.start], kept.join(","), &message[range.end..]))
}

fn content_of(message: &str) -> Option<(&str, Range<usize>)> {
    let fields = scan::lenient(message.as_bytes(), &["content"]).ok()?;
    let content: Value<'_> = fields.get("content")?;
    content.raw().starts_with('[').then(|| (content.raw(), content.range()))
}

fn is_thinking(block: &str) -> bool {
    let fields = scan::lenient(block.as_bytes(), &["type"]).ok();
    let kind = fields.and_then(|fields| fields.get("type")?.str().map(|kind| kind.into_owned()));
    matches!(kind.as_deref(), Some("thinking" | "redacted_thinking"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_goes_and_every_other_byte_stays() {
        let body = br#"{ "max_tokens": 5,"messages":[ {"role":"user", "content":"hi \u00e9"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"}, {"type":"text","text":"1.50"}],"x": 1e3},{"role":"assistant","content":[{"type":"redacted_thinking","data":"x"}]}] , "model":"m"}"#;
        let rest = without(body).unwrap();
        assert_eq!(
            std::str::from_utf8(&rest).unwrap(),
            r#"{ "max_tokens": 5,"messages":[{"role":"user", "content":"hi \u00e9"},{"role":"assistant","content":[{"type":"text","text":"1.50"}],"x": 1e3}] , "model":"m"}"#
        );
        assert_eq!(without(&rest), None, "there is none left");
    }

    #[test]
    fn a_body_without_messages_or_without_thinking_is_left_alone() {
        for body in [
            "{}",
            r#"{"messages":"x"}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"thinking"}]}]}"#,
        ] {
            assert_eq!(without(body.as_bytes()), None, "{body}");
        }
    }
}
