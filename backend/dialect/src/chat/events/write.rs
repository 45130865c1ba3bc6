//! The writer of a Chat stream: chunks, all with the same head.

use bytes::{BufMut, BytesMut};

use crate::chat::answer::{finish_reason, usage};
use crate::json::Json;
use crate::neutral::{Block, Event, Restore, StopReason, Usage, answer};

/// Writes a stream's chunks.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// What every chunk begins with, up to its choices.
    head: String,
    /// The kinds of the blocks by number.
    blocks: Vec<Kind>,
    calls: usize,
    refused: bool,
    usage: Usage,
    stop: Option<StopReason>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Content,
    Refusal,
    Thinking,
    /// With its number among the calls.
    Call(usize),
    Silent,
}

impl Writer {
    pub(crate) fn event(&mut self, event: Event<'_>, restore: &Restore, out: &mut BytesMut) {
        match event {
            Event::Start { id, usage } => {
                self.usage = usage.unwrap_or_default();
                self.start(id.as_deref(), restore, out);
            }
            Event::Open { block, .. } => self.open(&block, out),
            Event::Delta { index, raw } => self.delta(index, raw, out),
            Event::Usage(usage) => self.usage = usage,
            Event::Stop { reason, .. } => self.stop = Some(reason),
            Event::End => self.end(restore, out),
            // Proofs have no place here, ends of blocks no meaning; errors are written with their status elsewhere.
            Event::Signature { .. } | Event::Close { .. } | Event::Error(_) => {}
        }
    }

    fn start(&mut self, id: Option<&str>, restore: &Restore, out: &mut BytesMut) {
        let mut head = BytesMut::new();
        let mut json = Json::new(&mut head);
        json.open().member("id", &answer::id(id, "chatcmpl-", restore));
        json.member("object", "chat.completion.chunk").key("created").value(restore.created);
        json.member("model", &restore.model);
        if restore.include_usage {
            json.key("usage").raw("null");
        }
        self.head = String::from_utf8_lossy(&head).into_owned();
        self.chunk(out, |json| {
            json.member("role", "assistant").member("content", "");
        });
    }

    fn open(&mut self, block: &Block<'_>, out: &mut BytesMut) {
        let kind = match block {
            Block::Text => Kind::Content,
            Block::Refusal => Kind::Refusal,
            Block::Thinking => Kind::Thinking,
            Block::Redacted(_) => Kind::Silent,
            Block::Tool { id, name } => {
                let number = self.calls;
                self.calls += 1;
                self.chunk(out, |json| {
                    json.key("tool_calls").list().open().key("index").value(number).member("id", id);
                    json.member("type", "function").key("function").open();
                    json.member("name", name).member("arguments", "").close().close().end();
                });
                Kind::Call(number)
            }
        };
        self.refused |= matches!(kind, Kind::Refusal);
        self.blocks.push(kind);
    }

    fn delta(&self, index: usize, raw: &str, out: &mut BytesMut) {
        let Some(kind) = self.blocks.get(index) else { return };
        let key = match kind {
            Kind::Content => "content",
            Kind::Refusal => "refusal",
            Kind::Thinking => "reasoning_content",
            Kind::Silent => return,
            Kind::Call(number) => {
                return self.chunk(out, |json| {
                    json.key("tool_calls").list().open().key("index").value(number);
                    json.key("function").open().key("arguments").pieces(&[raw]).close().close().end();
                });
            }
        };
        self.chunk(out, |json| {
            json.key(key).pieces(&[raw]);
        });
    }

    fn end(&mut self, restore: &Restore, out: &mut BytesMut) {
        let reason = finish_reason(self.stop.unwrap_or(StopReason::EndTurn), self.refused);
        self.whole(out, Some(reason), |_| {});
        if restore.include_usage {
            out.put_slice(b"data: ");
            // The last chunk has its figures where the others have null.
            out.put_slice(self.head.trim_end_matches(",\"usage\":null").as_bytes());
            let mut json = Json::new(out);
            json.key("choices").list().end().key("usage");
            usage(&mut json, &self.usage);
            json.close();
            out.put_slice(b"\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    fn chunk(&self, out: &mut BytesMut, delta: impl FnOnce(&mut Json<'_>)) {
        self.whole(out, None, delta);
    }

    fn whole(&self, out: &mut BytesMut, reason: Option<&str>, delta: impl FnOnce(&mut Json<'_>)) {
        out.put_slice(b"data: ");
        out.put_slice(self.head.as_bytes());
        let mut json = Json::new(out);
        json.key("choices").list().open().key("index").value(0).key("delta").open();
        delta(&mut json);
        json.close().key("finish_reason");
        match reason {
            Some(reason) => json.string(reason),
            None => json.raw("null"),
        };
        json.close().end().close();
        out.put_slice(b"\n\n");
    }
}
