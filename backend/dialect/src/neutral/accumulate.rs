//! Events put together to an answer, and an answer taken apart into events.

use std::borrow::Cow;

use super::conversation::{Args, Part, ToolUse};
use super::event::{Answer, Block, Event, StopReason, Usage};
use super::{Opaque, Text};
use crate::error::UpstreamError;

/// The largest answer that is put together, in bytes of text.
pub const LARGEST: usize = 32 * 1024 * 1024;

/// An answer that is still coming.
#[derive(Debug, Default)]
pub struct Accumulator {
    id: Option<String>,
    blocks: Vec<Coming>,
    bytes: usize,
    usage: Usage,
    stop: Option<StopReason>,
    sequence: Option<Text<'static>>,
    complete: bool,
    error: Option<UpstreamError>,
}

#[derive(Debug)]
struct Coming {
    block: Block<'static>,
    raw: String,
    signature: Option<Opaque<'static>>,
}

impl Accumulator {
    /// Takes one event.
    pub fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start { id, usage } => {
                self.id = id.map(Cow::into_owned);
                self.usage = usage.unwrap_or_default();
            }
            Event::Open { block, .. } => {
                self.blocks.push(Coming { block: block.into_owned(), raw: String::new(), signature: None });
            }
            Event::Delta { index, raw } => {
                self.bytes = self.bytes.saturating_add(raw.len());
                if self.bytes > LARGEST {
                    self.error =
                        Some(UpstreamError::new("too_large", "the answer is too large to put together"));
                } else if let Some(coming) = self.blocks.get_mut(index) {
                    coming.raw.push_str(raw);
                }
            }
            Event::Signature { index, opaque } => {
                if let Some(coming) = self.blocks.get_mut(index) {
                    coming.signature = Some(opaque.into_owned());
                }
            }
            Event::Close { .. } => {}
            Event::Usage(usage) => self.usage = usage,
            Event::Stop { reason, sequence } => {
                self.stop = Some(reason);
                self.sequence = sequence.map(Text::into_owned);
            }
            Event::Error(error) => self.error = Some(error),
            Event::End => self.complete = true,
        }
    }

    /// The whole answer, or why there is none.
    pub fn finish(self) -> Result<Answer<'static>, UpstreamError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if !self.complete {
            return Err(UpstreamError::new("incomplete", "the upstream ended its answer early"));
        }
        let part = |coming: Coming| {
            let text = Text::escaped(coming.raw);
            match coming.block {
                Block::Text => Part::text(text),
                Block::Refusal => Part::Refusal(text),
                Block::Thinking => Part::Thinking { text, signature: coming.signature },
                Block::Redacted(opaque) => Part::Redacted(opaque),
                Block::Tool { id, name } => Part::ToolUse(ToolUse { id, name, input: Args::Escaped(text) }),
            }
        };
        Ok(Answer {
            id: self.id.map(Cow::Owned),
            parts: self.blocks.into_iter().map(part).collect(),
            stop: self.stop,
            sequence: self.sequence,
            usage: self.usage,
        })
    }
}

impl Answer<'_> {
    /// The events that would have brought it.
    pub fn events(&self, emit: &mut impl FnMut(Event<'_>)) {
        emit(Event::Start { id: self.id.as_deref().map(Cow::Borrowed), usage: Some(self.usage.clone()) });
        for (index, part) in self.parts.iter().enumerate() {
            let (block, raw, signature) = match part {
                Part::Text { text, .. } => (Block::Text, Cow::Borrowed(text.raw()), None),
                Part::Refusal(text) => (Block::Refusal, Cow::Borrowed(text.raw()), None),
                Part::Thinking { text, signature } => {
                    (Block::Thinking, Cow::Borrowed(text.raw()), signature.as_ref())
                }
                Part::Redacted(opaque) => (Block::Redacted(opaque.clone()), Cow::Borrowed(""), None),
                Part::ToolUse(call) => {
                    let (id, name) = (Cow::Borrowed(&*call.id), Cow::Borrowed(&*call.name));
                    (Block::Tool { id, name }, call.input.escaped(), None)
                }
                // Answers hold no pictures, files or results; a block keeps the numbers whole.
                Part::Image { .. } | Part::File { .. } | Part::ToolResult(_) => {
                    (Block::Text, Cow::Borrowed(""), None)
                }
            };
            emit(Event::Open { index, block });
            if !raw.is_empty() {
                emit(Event::Delta { index, raw: &raw });
            }
            if let Some(opaque) = signature {
                emit(Event::Signature { index, opaque: opaque.clone() });
            }
            emit(Event::Close { index });
        }
        emit(Event::Usage(self.usage.clone()));
        let reason = self.stop.unwrap_or(StopReason::EndTurn);
        emit(Event::Stop { reason, sequence: self.sequence.clone() });
        emit(Event::End);
    }
}
