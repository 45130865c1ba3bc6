//! The writer of a Gemini stream. Calls go out whole, when they are; usage and the reason for stopping in the last chunk.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

use crate::framing::Framing;
use crate::gemini::answer::{finish_reason, left_over, part, tail, thought, written};
use crate::json::Json;
use crate::neutral::accumulate::LARGEST;
use crate::neutral::order::{Order, TooMuch};
use crate::neutral::{Args, Block, Event, Part, Restore, StopReason, Text, ToolUse, Usage};

/// Writes a stream's chunks.
#[derive(Debug)]
pub(crate) struct Writer {
    order: Order,
    state: State,
}

#[derive(Debug)]
struct State {
    framing: Framing,
    /// How many chunks there have been.
    chunks: usize,
    id: Option<String>,
    block: Block<'static>,
    /// The arguments of the call that is open.
    arguments: String,
    /// A signature that waits for the part behind it.
    signature: Option<String>,
    usage: Usage,
    stop: Option<StopReason>,
}

impl Writer {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = State {
            framing,
            chunks: 0,
            id: None,
            block: Block::Text,
            arguments: String::new(),
            signature: None,
            usage: Usage::default(),
            stop: None,
        };
        Self { order: Order::default(), state }
    }

    pub(crate) fn event(
        &mut self,
        event: Event<'_>,
        restore: &Restore,
        out: &mut BytesMut,
    ) -> Result<(), TooMuch> {
        let state = &mut self.state;
        let mut too_much = false;
        self.order.event(event, &mut |event| too_much |= !state.event(event, restore, out))?;
        if too_much { Err(TooMuch) } else { Ok(()) }
    }

    /// Whether a chunk has gone out.
    pub(crate) const fn began(&self) -> bool {
        self.state.chunks > 0
    }
}

impl State {
    /// False when more has to be kept than may.
    fn event(&mut self, event: Event<'_>, restore: &Restore, out: &mut BytesMut) -> bool {
        match event {
            Event::Start { id, usage } => {
                self.id = id.map(Cow::into_owned);
                self.usage = usage.unwrap_or_default();
            }
            Event::Open { block, .. } => self.block = block.into_owned(),
            Event::Delta { raw, .. } => match &self.block {
                Block::Text | Block::Refusal => {
                    let text = Text::escaped(raw);
                    self.chunk(restore, out, |json, signature| part(json, &Part::text(text), signature));
                }
                Block::Thinking => {
                    let text = Text::escaped(raw);
                    self.chunk(restore, out, |json, _| thought(json, &text));
                }
                Block::Tool { .. } => {
                    self.arguments.push_str(raw);
                    return self.arguments.len() <= LARGEST;
                }
                Block::Redacted(_) => {}
            },
            Event::Signature { opaque, .. } => self.keep(written(&opaque), restore, out),
            Event::Close { .. } => self.close(restore, out),
            Event::Usage(usage) => self.usage = usage,
            Event::Stop { reason, .. } => self.stop = Some(reason),
            Event::End => self.end(restore, out),
            // Errors are written with their status, by whoever knows it.
            Event::Error(_) => {}
        }
        true
    }

    fn close(&mut self, restore: &Restore, out: &mut BytesMut) {
        match std::mem::replace(&mut self.block, Block::Text) {
            Block::Tool { id, name } => {
                let input = Args::Escaped(Text::escaped(std::mem::take(&mut self.arguments)));
                let call = Part::ToolUse(ToolUse { id, name, input });
                self.chunk(restore, out, |json, signature| part(json, &call, signature));
            }
            Block::Redacted(opaque) => self.keep(written(&opaque), restore, out),
            Block::Text | Block::Refusal | Block::Thinking => {}
        }
    }

    /// A signature waits; one that waited until now stands by itself.
    fn keep(&mut self, signature: String, restore: &Restore, out: &mut BytesMut) {
        if let Some(before) = self.signature.replace(signature) {
            self.chunk(restore, out, |json, _| left_over(json, Some(before)));
        }
    }

    fn chunk(
        &mut self,
        restore: &Restore,
        out: &mut BytesMut,
        parts: impl FnOnce(&mut Json<'_>, &mut Option<String>),
    ) {
        let mut signature = self.signature.take();
        self.framed(restore, out, |json| parts(json, &mut signature), None);
        self.signature = signature;
    }

    fn end(&mut self, restore: &Restore, out: &mut BytesMut) {
        let reason = finish_reason(self.stop.unwrap_or(StopReason::EndTurn));
        let signature = self.signature.take();
        self.framed(restore, out, |json| left_over(json, signature), Some(reason));
        if self.framing == Framing::Array {
            out.put_slice(b"]");
        }
    }

    fn framed(
        &mut self,
        restore: &Restore,
        out: &mut BytesMut,
        parts: impl FnOnce(&mut Json<'_>),
        reason: Option<&str>,
    ) {
        let array = self.framing == Framing::Array;
        out.put_slice(match (array, self.chunks) {
            (true, 0) => b"[",
            (true, _) => b",\n",
            (false, _) => b"data: ",
        });
        self.chunks += 1;
        let mut json = Json::new(out);
        json.open().key("candidates").list().open().key("content").open().key("parts").list();
        parts(&mut json);
        json.end().member("role", "model").close();
        if let Some(reason) = reason {
            json.member("finishReason", reason);
        }
        json.key("index").value(0).close().end();
        let usage = reason.map(|_| &self.usage);
        tail(&mut json, usage, self.id.as_deref(), restore);
        json.close();
        if !array {
            out.put_slice(b"\n\n");
        }
    }
}
