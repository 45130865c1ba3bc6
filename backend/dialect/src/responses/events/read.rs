//! The reader of a Responses stream.
//!
//! Items open with `output_item.added` and close with `output_item.done`, which says everything once more: what came in
//! no delta, as some servers have it, is taken from there. Items that no other dialect has are left out.

use crate::neutral::{self, Block, Event, StopReason, answer, ids};
use crate::openai::error;
use crate::responses::answer::{members_of, stop, usage};
use crate::responses::read::{FREE_TEXT, items};
use crate::scan::{Members, Value};

/// Reads a stream's events, one `data` after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    started: bool,
    blocks: usize,
    items: Vec<Item>,
    called: bool,
    refused: bool,
    ended: bool,
}

/// An item that has begun and not ended.
#[derive(Debug)]
struct Item {
    number: u64,
    /// The block that is open, with the number of the part it comes from.
    block: Option<(usize, u64)>,
    kind: Kind,
    /// Text has come for it, and so will not be taken from its end.
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Call,
    FreeText,
}

impl Reader {
    pub(crate) fn event(&mut self, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        let Ok(text) = std::str::from_utf8(data) else { return };
        let Some(members) = Members::read(text) else { return };
        let number = members.get("output_index").and_then(Value::u64).unwrap_or(0);
        let kind = members.str("type").unwrap_or_default();
        match &*kind {
            "response.output_text.delta" => self.words(number, &members, Block::Text, emit),
            "response.refusal.delta" => self.words(number, &members, Block::Refusal, emit),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.words(number, &members, Block::Thinking, emit);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(number, &members, emit);
            }
            "response.created" | "response.in_progress" => self.start(&members, emit),
            "response.output_item.added" => {
                if let Some(item) = members.get("item").and_then(Members::of) {
                    self.add(number, &item, emit);
                }
            }
            "response.output_item.done" => {
                if let Some(item) = members.get("item").and_then(Members::of) {
                    self.finish(number, &item, emit);
                }
            }
            "response.completed" | "response.incomplete" | "response.done" => self.end_with(&members, emit),
            "response.failed" => {
                let response = members.get("response").map_or("", Value::raw);
                emit(Event::Error(error::read(response.as_bytes()).unwrap_or_else(answer::unreadable)));
            }
            "error" => {
                // The event has the error's members itself, or one more object around them.
                let told = members.get("error").map_or(text, Value::raw);
                emit(Event::Error(error::read_inner(told).unwrap_or_else(answer::unreadable)));
            }
            _ => {}
        }
    }

    fn start(&mut self, members: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        if !self.started {
            self.started = true;
            let response = members.get("response").and_then(Members::of).unwrap_or_default();
            emit(Event::Start { id: response.str("id"), usage: None });
        }
    }

    fn add(&mut self, number: u64, item: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let kind = match &*item.str("type").unwrap_or_default() {
            "message" => Kind::Message,
            "reasoning" => Kind::Reasoning,
            "function_call" => Kind::Call,
            "custom_tool_call" => Kind::FreeText,
            _ => return,
        };
        let mut block = None;
        if matches!(kind, Kind::Call | Kind::FreeText) {
            self.called = true;
            let id = item.either("call_id", "id").and_then(Value::str);
            let id = id.unwrap_or_else(|| ids::made("", self.blocks).into());
            let name = item.str("name").unwrap_or_default();
            let index = self.open(Block::Tool { id, name }, emit);
            block = Some((index, 0));
            if kind == Kind::FreeText {
                emit(Event::Delta { index, raw: &format!("{{\\\"{FREE_TEXT}\\\":\\\"") });
            }
        }
        self.items.push(Item { number, block, kind, told: false });
    }

    fn open(&mut self, block: Block<'_>, emit: &mut impl FnMut(Event<'_>)) -> usize {
        self.refused |= matches!(block, Block::Refusal);
        let index = self.blocks;
        self.blocks += 1;
        emit(Event::Open { index, block });
        index
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.items.iter().rposition(|item| item.number == number)
    }

    /// Text of a message or of reasoning; each of its parts is a block, but summaries are parts of one.
    fn words(
        &mut self,
        number: u64,
        members: &Members<'_>,
        block: Block<'_>,
        emit: &mut impl FnMut(Event<'_>),
    ) {
        let part = members.either("content_index", "summary_index").and_then(Value::u64).unwrap_or(0);
        let Some(raw) = members.get("delta").and_then(neutral::raw) else { return };
        let at = match self.place(number) {
            Some(at) => at,
            // An item that never was announced.
            None => {
                let thinks = block == Block::Thinking;
                let kind = if thinks { Kind::Reasoning } else { Kind::Message };
                self.items.push(Item { number, block: None, kind, told: false });
                self.items.len() - 1
            }
        };
        self.say(at, part, block, raw, emit);
    }

    fn say(&mut self, at: usize, part: u64, block: Block<'_>, raw: &str, emit: &mut impl FnMut(Event<'_>)) {
        self.items[at].told = true;
        let index = match self.items[at].block {
            Some((index, open)) if open == part => index,
            Some((index, _)) if block == Block::Thinking => {
                emit(Event::Delta { index, raw: "\\n\\n" });
                index
            }
            open => {
                if let Some((index, _)) = open {
                    emit(Event::Close { index });
                }
                self.open(block, emit)
            }
        };
        self.items[at].block = Some((index, part));
        emit(Event::Delta { index, raw });
    }

    fn arguments(&mut self, number: u64, members: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let Some(raw) = members.get("delta").and_then(neutral::raw) else { return };
        let Some(at) = self.place(number) else { return };
        let item = &mut self.items[at];
        let Some((index, _)) = item.block else { return };
        item.told = true;
        if item.kind == Kind::FreeText {
            // Free text becomes a string within the arguments, which are a string themselves.
            emit(Event::Delta { index, raw: &crate::json::escaped(raw) });
        } else {
            emit(Event::Delta { index, raw });
        }
    }

    /// The item once more, whole.
    fn finish(&mut self, number: u64, item: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        if self.place(number).is_none() {
            self.add(number, item, emit);
        }
        let Some(at) = self.place(number) else { return };
        let (kind, told) = (self.items[at].kind, self.items[at].told);
        if !told {
            self.untold(at, kind, item, emit);
        }
        let proof = if kind == Kind::Reasoning { items::proof(item) } else { None };
        let Item { block, .. } = self.items.remove(at);
        match (block, proof) {
            (Some((index, _)), proof) => {
                if kind == Kind::FreeText {
                    emit(Event::Delta { index, raw: "\\\"}" });
                }
                if let Some(opaque) = proof {
                    emit(Event::Signature { index, opaque });
                }
                emit(Event::Close { index });
            }
            (None, Some(opaque)) => {
                let redacted = opaque.redacted;
                let block = if redacted { Block::Redacted(opaque.clone()) } else { Block::Thinking };
                let index = self.open(block, emit);
                if !redacted {
                    emit(Event::Signature { index, opaque });
                }
                emit(Event::Close { index });
            }
            (None, None) => {}
        }
    }

    fn untold(&mut self, at: usize, kind: Kind, item: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        match kind {
            Kind::Message | Kind::Reasoning => {
                let name = if kind == Kind::Message { "content" } else { "summary" };
                let parts = item.get(name).map(members_of).unwrap_or_default();
                for (part, members) in parts.iter().enumerate() {
                    let block = match (kind, members.get("refusal")) {
                        (Kind::Reasoning, _) => Block::Thinking,
                        (_, Some(_)) => Block::Refusal,
                        (_, None) => Block::Text,
                    };
                    if let Some(raw) = members.either("text", "refusal").and_then(neutral::raw) {
                        self.say(at, part as u64, block, raw, emit);
                    }
                }
            }
            Kind::Call | Kind::FreeText => {
                let name = if kind == Kind::Call { "arguments" } else { "input" };
                let Some((index, _)) = self.items[at].block else { return };
                let Some(raw) = item.get(name).and_then(neutral::raw) else { return };
                if kind == Kind::FreeText {
                    emit(Event::Delta { index, raw: &crate::json::escaped(raw) });
                } else {
                    emit(Event::Delta { index, raw });
                }
            }
        }
    }

    fn end_with(&mut self, members: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.start(members, emit);
        for item in self.items.drain(..) {
            if let Some((index, _)) = item.block {
                emit(Event::Close { index });
            }
        }
        let response = members.get("response").and_then(Members::of).unwrap_or_default();
        emit(Event::Usage(usage(&response)));
        let reason = match stop(&response) {
            StopReason::EndTurn if self.called => StopReason::ToolUse,
            StopReason::EndTurn if self.refused => StopReason::Refusal,
            reason => reason,
        };
        emit(Event::Stop { reason, sequence: None });
        emit(Event::End);
    }
}
