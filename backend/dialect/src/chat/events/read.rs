//! The reader of a Chat stream.
//!
//! Nothing in it says where a block ends: text ends where a call begins, and calls, which may come interleaved, end with
//! the answer. Usage comes behind the reason for stopping, so the end waits for `[DONE]`, or for the stream's.

use std::borrow::Cow;

use crate::chat::answer::stop_reason;
use crate::chat::read::messages::thoughts;
use crate::chat::usage::Figures;
use crate::meter::reports::Reports;
use crate::neutral::{self, Block, Event, StopReason, Usage, answer, ids};
use crate::openai::error;
use crate::scan::{self, Fields, Members, Value};

/// Reads a stream's events, one `data` after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    figures: Figures,
    started: bool,
    stem: String,
    blocks: usize,
    /// The block of words that is open, and what kind.
    words: Option<(usize, &'static str)>,
    calls: Vec<Call>,
    refused: bool,
    stopped: bool,
    done: bool,
}

/// A call that has begun.
#[derive(Debug)]
struct Call {
    /// Its number at the upstream, which some servers do not count up.
    number: u64,
    id: String,
    index: usize,
}

impl Reader {
    pub(crate) fn event(&mut self, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        if data == b"[DONE]" {
            return self.end(emit);
        }
        let Ok(chunk) = scan::lenient(data, &["id", "choices", "usage", "service_tier", "error"]) else {
            return;
        };
        let given = |name| chunk.get(name).filter(|value: &Value<'_>| !value.is_null());
        if given("error").is_some() {
            return emit(Event::Error(error::read(data).unwrap_or_else(answer::unreadable)));
        }
        self.start(&chunk, emit);
        let choice = given("choices").and_then(|choices| scan::list(choices.raw())?.into_iter().next());
        if let Some(choice) = choice {
            self.choice(&choice, emit);
        }
        if let Some(tier) = given("service_tier").and_then(|tier| tier.str()) {
            self.figures.tier(tier.into_owned());
        }
        if let Some(usage) = given("usage") {
            self.figures.usage(usage.raw());
            emit(Event::Usage(Usage::of(&self.figures)));
        }
    }

    /// The stream has ended, or said that it has. What has told why it stops is complete.
    pub(crate) fn end(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        if self.stopped && !self.done {
            self.done = true;
            emit(Event::End);
        }
    }

    fn start(&mut self, chunk: &Fields<'_, 5>, emit: &mut impl FnMut(Event<'_>)) {
        if !self.started {
            self.started = true;
            let id = chunk.get("id").and_then(|id| id.str());
            self.stem = id.as_deref().unwrap_or_default().to_owned();
            emit(Event::Start { id, usage: None });
        }
    }

    fn choice(&mut self, choice: &Value<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let names = ["index", "delta", "finish_reason"];
        let Ok(choice) = scan::lenient(choice.raw().as_bytes(), &names) else { return };
        // Only one answer is asked for.
        if choice.get("index").and_then(|index| index.u64()).unwrap_or(0) != 0 || self.stopped {
            return;
        }
        if let Some(delta) = choice.get("delta").and_then(|delta| Members::of(&delta)) {
            self.delta(&delta, emit);
        }
        let Some(reason) = choice.get("finish_reason").and_then(|reason| reason.str()) else { return };
        self.stopped = true;
        self.end_words(emit);
        for call in &self.calls {
            emit(Event::Close { index: call.index });
        }
        let reason = match stop_reason(&reason) {
            StopReason::EndTurn | StopReason::Other if !self.calls.is_empty() => StopReason::ToolUse,
            StopReason::EndTurn if self.refused => StopReason::Refusal,
            reason => reason,
        };
        emit(Event::Stop { reason, sequence: None });
    }

    fn delta(&mut self, delta: &Members<'_>, emit: &mut impl FnMut(Event<'_>)) {
        if let Some(text) = thoughts(delta) {
            self.say("thinking", text.raw(), emit);
        }
        for name in ["content", "refusal"] {
            if let Some(raw) = delta.get(name).and_then(neutral::raw) {
                self.say(name, raw, emit);
            }
        }
        let calls = delta.get("tool_calls").and_then(|calls| scan::list(calls.raw())).unwrap_or_default();
        for call in calls {
            self.call(&call, emit);
        }
    }

    fn say(&mut self, kind: &'static str, raw: &str, emit: &mut impl FnMut(Event<'_>)) {
        let index = match self.words {
            Some((index, open)) if open == kind => index,
            _ => {
                self.end_words(emit);
                let block = match kind {
                    "thinking" => Block::Thinking,
                    "refusal" => Block::Refusal,
                    _ => Block::Text,
                };
                self.refused |= kind == "refusal";
                let index = self.open(block, emit);
                self.words = Some((index, kind));
                index
            }
        };
        emit(Event::Delta { index, raw });
    }

    fn call(&mut self, call: &Value<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let Some(call) = Members::of(call) else { return };
        let id = call.str("id").unwrap_or_default();
        let function = call.get("function").and_then(Members::of).unwrap_or_default();
        let number = call.get("index").and_then(Value::u64);
        let known = match number {
            Some(number) => self.calls.iter().rposition(|call| call.number == number),
            None => self.calls.len().checked_sub(1),
        };
        // A new id under an old number is a new call of a server that does not count.
        let known = known.filter(|at| id.is_empty() || self.calls[*at].id == *id);
        let at = match (known, function.str("name")) {
            (Some(at), _) => at,
            (None, Some(name)) => self.begin(number, &id, name, emit),
            (None, None) => return,
        };
        let index = self.calls[at].index;
        match function.get("arguments") {
            Some(value) if value.raw().starts_with('"') => {
                if let Some(raw) = neutral::raw(value) {
                    emit(Event::Delta { index, raw });
                }
            }
            // Some servers send the object itself, whole.
            Some(value) => emit(Event::Delta { index, raw: &crate::json::escaped(value.raw()) }),
            None => {}
        }
    }

    fn begin(
        &mut self,
        number: Option<u64>,
        id: &str,
        name: Cow<'_, str>,
        emit: &mut impl FnMut(Event<'_>),
    ) -> usize {
        self.end_words(emit);
        let at = self.calls.len();
        let shown = if id.is_empty() { ids::made(&self.stem, at) } else { id.to_owned() };
        let index = self.open(Block::Tool { id: shown.into(), name }, emit);
        self.calls.push(Call { number: number.unwrap_or(at as u64), id: id.to_owned(), index });
        at
    }

    fn open(&mut self, block: Block<'_>, emit: &mut impl FnMut(Event<'_>)) -> usize {
        let index = self.blocks;
        self.blocks += 1;
        emit(Event::Open { index, block });
        index
    }

    fn end_words(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        if let Some((index, _)) = self.words.take() {
            emit(Event::Close { index });
        }
    }
}
