//! One item of a Responses stream, from its announcement to its repetition.

use std::borrow::Cow;

use bytes::BytesMut;

use super::write::Sequence;
use crate::json::Json;
use crate::neutral::{Args, Block, Opaque, Part, Restore, Text, ToolUse};
use crate::responses::answer::{content, item, item_id, named};
use crate::responses::write::free_text;

/// An item that has begun. Its text is kept, because the events at its end repeat it.
#[derive(Debug)]
pub(super) struct Open {
    id: Cow<'static, str>,
    index: usize,
    block: Block<'static>,
    raw: String,
    signature: Option<Opaque<'static>>,
    /// The tool takes free text: nothing of it can be told before it is whole.
    free_text: bool,
}

impl Open {
    pub(super) fn new(stem: &str, index: usize, block: Block<'static>, restore: &Restore) -> Self {
        let free_text = match &block {
            Block::Tool { name, .. } => restore.free_text.iter().any(|known| known == name),
            _ => false,
        };
        let mut open =
            Self { id: Cow::Borrowed(""), index, block, raw: String::new(), signature: None, free_text };
        open.id = item_id(&open.part(), stem, index, restore);
        open
    }

    /// What it is by now.
    fn part(&self) -> Part<'_> {
        let text = || Text::escaped(&*self.raw);
        match &self.block {
            Block::Text => Part::text(text()),
            Block::Refusal => Part::Refusal(text()),
            Block::Thinking => Part::Thinking { text: text(), signature: self.signature.clone() },
            Block::Redacted(opaque) => Part::Redacted(opaque.clone()),
            Block::Tool { id, name } => {
                let (id, name) = (Cow::Borrowed(&**id), Cow::Borrowed(&**name));
                Part::ToolUse(ToolUse { id, name, input: Args::Escaped(text()) })
            }
        }
    }

    pub(super) fn begin(&self, restore: &Restore, sequence: &mut Sequence, out: &mut BytesMut) {
        sequence.event("response.output_item.added", out, |json| {
            json.key("output_index").value(self.index).key("item").open().member("id", &self.id);
            match &self.block {
                Block::Text | Block::Refusal => {
                    json.member("type", "message").member("status", "in_progress");
                    json.member("role", "assistant").key("content").list().end();
                }
                Block::Thinking | Block::Redacted(_) => {
                    json.member("type", "reasoning").key("summary").list().end();
                }
                Block::Tool { id, name } => {
                    let (kind, field) = if self.free_text {
                        ("custom_tool_call", "input")
                    } else {
                        ("function_call", "arguments")
                    };
                    json.member("type", kind).member("status", "in_progress");
                    named(json.member("call_id", id), name, restore);
                    json.member(field, "");
                }
            }
            json.close();
        });
        if matches!(self.block, Block::Text | Block::Refusal) {
            self.event("response.content_part.added", sequence, out, |json| {
                json.key("content_index").value(0).key("part");
                content(json, matches!(self.block, Block::Refusal), "");
            });
        }
    }

    pub(super) fn delta(&mut self, raw: &str, sequence: &mut Sequence, out: &mut BytesMut) {
        let first = self.raw.is_empty();
        self.raw.push_str(raw);
        let (kind, place) = match &self.block {
            Block::Text => ("response.output_text.delta", "content_index"),
            Block::Refusal => ("response.refusal.delta", "content_index"),
            Block::Thinking => ("response.reasoning_summary_text.delta", "summary_index"),
            Block::Tool { .. } if self.free_text => return,
            Block::Tool { .. } => ("response.function_call_arguments.delta", ""),
            Block::Redacted(_) => return,
        };
        if first && self.block == Block::Thinking {
            self.event("response.reasoning_summary_part.added", sequence, out, |json| {
                json.key("summary_index").value(0).key("part").raw(r#"{"type":"summary_text","text":""}"#);
            });
        }
        self.event(kind, sequence, out, |json| {
            if !place.is_empty() {
                json.key(place).value(0);
            }
            json.key("delta").pieces(&[raw]);
            if self.block == Block::Text {
                json.key("logprobs").list().end();
            }
        });
    }

    pub(super) fn sign(&mut self, opaque: Opaque<'static>) {
        self.signature = Some(opaque);
    }

    /// The events at its end; returns the finished item.
    pub(super) fn end(
        self,
        stem: &str,
        restore: &Restore,
        sequence: &mut Sequence,
        out: &mut BytesMut,
    ) -> BytesMut {
        self.repeat(restore, sequence, out);
        let mut whole = BytesMut::new();
        let mut json = Json::new(&mut whole);
        let part = self.part();
        // The id was given before the proof was known, and stays.
        item(&mut json, stem, self.index, &part, restore, Some(&self.id));
        sequence.event("response.output_item.done", out, |json| {
            json.key("output_index").value(self.index);
            json.key("item").raw(&String::from_utf8_lossy(&whole));
        });
        whole
    }

    fn repeat(&self, restore: &Restore, sequence: &mut Sequence, out: &mut BytesMut) {
        let raw = &*self.raw;
        match &self.block {
            Block::Text | Block::Refusal => {
                let refusal = self.block == Block::Refusal;
                let kind = if refusal { "response.refusal.done" } else { "response.output_text.done" };
                self.event(kind, sequence, out, |json| {
                    json.key("content_index").value(0);
                    json.key(if refusal { "refusal" } else { "text" }).pieces(&[raw]);
                    if !refusal {
                        json.key("logprobs").list().end();
                    }
                });
                self.event("response.content_part.done", sequence, out, |json| {
                    json.key("content_index").value(0).key("part");
                    content(json, refusal, raw);
                });
            }
            Block::Thinking if !raw.is_empty() => {
                self.event("response.reasoning_summary_text.done", sequence, out, |json| {
                    json.key("summary_index").value(0).key("text").pieces(&[raw]);
                });
                self.event("response.reasoning_summary_part.done", sequence, out, |json| {
                    json.key("summary_index").value(0).key("part").open();
                    json.member("type", "summary_text").key("text").pieces(&[raw]).close();
                });
            }
            Block::Thinking | Block::Redacted(_) => {}
            Block::Tool { .. } if self.free_text => {
                let text = Args::Escaped(Text::escaped(raw));
                let text = free_text(&text.object()).into_owned();
                if !text.is_empty() {
                    self.event("response.custom_tool_call_input.delta", sequence, out, |json| {
                        json.key("delta").pieces(&[&text]);
                    });
                }
                self.event("response.custom_tool_call_input.done", sequence, out, |json| {
                    json.key("input").pieces(&[&text]);
                });
            }
            Block::Tool { name, .. } => {
                self.event("response.function_call_arguments.done", sequence, out, |json| {
                    json.member("name", restore.apart(name).1).key("arguments").pieces(&[raw]);
                });
            }
        }
    }

    /// An event about this item.
    fn event(
        &self,
        kind: &str,
        sequence: &mut Sequence,
        out: &mut BytesMut,
        members: impl FnOnce(&mut Json<'_>),
    ) {
        sequence.event(kind, out, |json| {
            json.member("item_id", &self.id).key("output_index").value(self.index);
            members(json);
        });
    }
}
