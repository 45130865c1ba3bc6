//! The writer of a Messages stream: one block at a time, each event with its name.

use bytes::{BufMut, BytesMut};

use crate::anthropic::answer::{stop, usage, written};
use crate::json::{Json, escaped};
use crate::neutral::order::{Order, TooMuch};
use crate::neutral::{Block, Event, Restore, StopReason, Text, Usage, answer};

/// Writes a stream's events.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    order: Order,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    /// How many blocks have been opened.
    blocks: usize,
    kind: Kind,
    usage: Usage,
    stop: Option<(StopReason, Option<Text<'static>>)>,
}

/// What the open block is, as far as its deltas differ.
#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    #[default]
    Text,
    Thinking,
    Tool,
    Silent,
}

impl Writer {
    pub(crate) fn event(
        &mut self,
        event: Event<'_>,
        restore: &Restore,
        out: &mut BytesMut,
    ) -> Result<(), TooMuch> {
        let state = &mut self.state;
        self.order.event(event, &mut |event| state.event(event, restore, out))
    }
}

impl State {
    fn event(&mut self, event: Event<'_>, restore: &Restore, out: &mut BytesMut) {
        match event {
            Event::Start { id, usage } => {
                self.usage = usage.unwrap_or_default();
                self.start(id.as_deref(), restore, out);
            }
            Event::Open { block, .. } => self.open(&block, out),
            Event::Delta { raw, .. } => self.delta(raw, out),
            Event::Signature { opaque, .. } => {
                self.delta_of("signature_delta", "signature", &escaped(&written(&opaque)), out);
            }
            Event::Close { .. } => {
                framed("content_block_stop", out, |json| {
                    json.key("index").value(self.blocks - 1);
                });
            }
            Event::Usage(usage) => self.usage = usage,
            Event::Stop { reason, sequence } => {
                self.stop = Some((reason, sequence.map(Text::into_owned)));
            }
            Event::End => self.end(out),
            // Errors are written with their status, by whoever knows it.
            Event::Error(_) => {}
        }
    }

    fn start(&mut self, id: Option<&str>, restore: &Restore, out: &mut BytesMut) {
        self.started = true;
        framed("message_start", out, |json| {
            json.key("message").open().member("id", &answer::id(id, "msg_", restore));
            json.member("type", "message").member("role", "assistant").member("model", &restore.model);
            json.key("content").list().end();
            json.key("stop_reason").raw("null").key("stop_sequence").raw("null").key("usage");
            usage(json, &self.usage);
            json.close();
        });
    }

    fn open(&mut self, block: &Block<'_>, out: &mut BytesMut) {
        let index = self.blocks;
        self.blocks += 1;
        framed("content_block_start", out, |json| {
            json.key("index").value(index).key("content_block").open();
            self.kind = match block {
                Block::Text | Block::Refusal => {
                    json.member("type", "text").member("text", "");
                    Kind::Text
                }
                Block::Thinking => {
                    json.member("type", "thinking").member("thinking", "").member("signature", "");
                    Kind::Thinking
                }
                Block::Redacted(opaque) => {
                    json.member("type", "redacted_thinking").member("data", &written(opaque));
                    Kind::Silent
                }
                Block::Tool { id, name } => {
                    json.member("type", "tool_use").member("id", id).member("name", name);
                    json.key("input").open().close();
                    Kind::Tool
                }
            };
            json.close();
        });
    }

    fn delta(&self, raw: &str, out: &mut BytesMut) {
        match self.kind {
            Kind::Text => self.delta_of("text_delta", "text", raw, out),
            Kind::Thinking => self.delta_of("thinking_delta", "thinking", raw, out),
            Kind::Tool => self.delta_of("input_json_delta", "partial_json", raw, out),
            Kind::Silent => {}
        }
    }

    fn delta_of(&self, kind: &str, key: &str, raw: &str, out: &mut BytesMut) {
        framed("content_block_delta", out, |json| {
            json.key("index").value(self.blocks - 1).key("delta");
            json.open().member("type", kind).key(key).pieces(&[raw]).close();
        });
    }

    fn end(&mut self, out: &mut BytesMut) {
        let (reason, sequence) = self.stop.take().unwrap_or((StopReason::EndTurn, None));
        framed("message_delta", out, |json| {
            json.key("delta").open().key("stop_reason");
            stop(json, reason, sequence.as_ref());
            json.close().key("usage");
            usage(json, &self.usage);
        });
        framed("message_stop", out, |_| {});
    }
}

/// One event; its data begins with its type.
fn framed(kind: &str, out: &mut BytesMut, members: impl FnOnce(&mut Json<'_>)) {
    out.put_slice(b"event: ");
    out.put_slice(kind.as_bytes());
    out.put_slice(b"\ndata: ");
    let mut json = Json::new(out);
    json.open().member("type", kind);
    members(&mut json);
    json.close();
    out.put_slice(b"\n\n");
}
