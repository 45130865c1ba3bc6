//! The reader of a Messages stream.
//!
//! Nearly all events are text deltas in the one layout that the provider uses: of those the slice between the quotes is
//! handed on without a look at the rest. Everything else goes through the scan. Blocks of the provider's own tools are
//! left out, and the others numbered without them.

use memchr::memchr;

use crate::anthropic::answer::{block, stop_reason};
use crate::anthropic::error;
use crate::anthropic::usage::Figures;
use crate::meter::reports::Reports;
use crate::neutral::{Block, Event, Opaque, Part, Text, Usage, answer};
use crate::scan::{self, Members, Value};
use crate::{Dialect, neutral};

/// Reads a stream's events, one `data` after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    figures: Figures,
    /// The upstream's number of each block of ours, in our order.
    blocks: Vec<u64>,
    open: Option<usize>,
    stopped: bool,
}

impl Reader {
    pub(crate) fn event(&mut self, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        if let Some((number, raw)) = delta(data) {
            if let Some(index) = self.index(number) {
                emit(Event::Delta { index, raw });
            }
        } else if !data.starts_with(br#"{"type":"ping""#)
            && let Ok(text) = std::str::from_utf8(data)
            && let Some(members) = Members::read(text)
        {
            self.other(&members, data, emit);
        }
    }

    /// The stream has ended. What has told why it stops is complete, `message_stop` or not.
    pub(crate) fn end(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        if self.stopped {
            self.close(emit);
            emit(Event::End);
        }
    }

    fn index(&self, number: u64) -> Option<usize> {
        self.blocks.iter().rposition(|known| *known == number)
    }

    fn other(&mut self, members: &Members<'_>, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        let number = members.get("index").and_then(Value::u64).unwrap_or(0);
        match &*members.str("type").unwrap_or_default() {
            "message_start" => {
                let message = members.get("message").and_then(Members::of).unwrap_or_default();
                self.usage(&message);
                emit(Event::Start { id: message.str("id"), usage: Some(Usage::of(&self.figures)) });
            }
            "content_block_start" => {
                self.close(emit);
                if let Some(part) = members.get("content_block").and_then(block) {
                    self.open(number, part, emit);
                }
            }
            "content_block_delta" => {
                let delta = members.get("delta").and_then(Members::of).unwrap_or_default();
                if let Some(index) = self.index(number) {
                    Self::delta(index, &delta, emit);
                }
            }
            "content_block_stop" if self.index(number) == self.open => self.close(emit),
            "message_delta" => {
                self.usage(members);
                let delta = members.get("delta").and_then(Members::of).unwrap_or_default();
                if let Some(reason) = delta.str("stop_reason") {
                    self.close(emit);
                    self.stopped = true;
                    emit(Event::Usage(Usage::of(&self.figures)));
                    let sequence = delta.get("stop_sequence").and_then(Text::of);
                    emit(Event::Stop { reason: stop_reason(&reason), sequence });
                }
            }
            "message_stop" => {
                self.close(emit);
                emit(Event::End);
            }
            _ if members.get("error").is_some() => {
                emit(Event::Error(error::read(data).unwrap_or_else(answer::unreadable)));
            }
            _ => {}
        }
    }

    fn open(&mut self, number: u64, part: Part<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let index = self.blocks.len();
        // Some servers put all of a block into its start.
        let (block, text) = match part {
            Part::Text { text, .. } => (Block::Text, text.into_owned()),
            Part::Thinking { text, .. } => (Block::Thinking, text.into_owned()),
            Part::Redacted(opaque) => (Block::Redacted(opaque), Text::default()),
            Part::ToolUse(call) => {
                let whole = call.input.object() != "{}";
                let input = if whole { call.input.escaped().into_owned() } else { String::new() };
                (Block::Tool { id: call.id, name: call.name }, Text::escaped(input))
            }
            _ => return,
        };
        self.blocks.push(number);
        self.open = Some(index);
        emit(Event::Open { index, block });
        if !text.is_empty() {
            emit(Event::Delta { index, raw: text.raw() });
        }
    }

    fn delta(index: usize, delta: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        if let Some(signature) = delta.str("signature") {
            let opaque = Opaque::read(Dialect::Anthropic, false, signature);
            emit(Event::Signature { index, opaque });
        }
        let names = ["text", "thinking", "partial_json"];
        if let Some(raw) = names.into_iter().find_map(|name| delta.get(name)).and_then(neutral::raw) {
            emit(Event::Delta { index, raw });
        }
    }

    fn close(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        if let Some(index) = self.open.take() {
            emit(Event::Close { index });
        }
    }

    fn usage(&mut self, members: &Members<'_>) {
        if let Some(usage) = members.get("usage") {
            self.figures.usage(usage.raw());
        }
    }
}

/// Number and text of a delta in the usual layout; `None` for everything else, signatures too.
fn delta(data: &[u8]) -> Option<(u64, &str)> {
    let rest = data.strip_prefix(br#"{"type":"content_block_delta","index":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let rest = rest[digits..].strip_prefix(br#","delta":{"type":""#)?;
    let quote = memchr(b'"', rest)?;
    let key: &[u8] = match &rest[..quote] {
        b"text_delta" => br#","text":""#,
        b"thinking_delta" => br#","thinking":""#,
        b"input_json_delta" => br#","partial_json":""#,
        _ => return None,
    };
    let text = rest[quote + 1..].strip_prefix(key)?;
    let end = scan::string_end(text, 0).ok()?;
    // Nothing else stands in the event: whatever does, the scan decides.
    (text[end..] == *b"\"}}").then_some((number, std::str::from_utf8(&text[..end]).ok()?))
}
