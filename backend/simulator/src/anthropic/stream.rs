//! A Messages answer as a sequence of server-sent events, made one at a time: ten thousand slow streams must not hold
//! ten thousand whole answers.

use std::{collections::VecDeque, fmt::Write as _};

use super::json;
use crate::{
    answer::{self, Answer, BlockKind, SIGNATURE, TOOL_INPUT, filler, share},
    ledger::Tokens,
    play::{Event, Kind},
    script::Script,
};

/// The events of one answer.
pub(crate) struct Stream {
    answer: Answer,
    repeat_usage: bool,
    late_input: u64,
    ping_every: u32,
    usage_every: u32,
    /// Made and not yet taken; a step makes a few at most.
    made: VecDeque<Event>,
    step: Step,
    /// Content deltas made, of how many.
    done: u32,
    of: u32,
}

enum Step {
    Start,
    Open(usize),
    Delta(usize, u32),
    Finish,
    Over,
}

impl Stream {
    /// `repeat_usage`: what the seed decided; the script may know better.
    pub(crate) fn new(answer: Answer, script: &Script, repeat_usage: bool) -> Self {
        let late_input = script.tokens.late_input.min(answer.tokens.input);
        Self {
            of: answer.blocks.iter().map(|block| block.deltas).sum(),
            // Late figures can only come in a repetition.
            repeat_usage: script.repeat_usage.unwrap_or(repeat_usage) || late_input > 0,
            late_input,
            ping_every: script.ping_every.unwrap_or(0),
            usage_every: script.usage_every.unwrap_or(0),
            made: VecDeque::with_capacity(4),
            step: Step::Start,
            done: 0,
            answer,
        }
    }

    fn advance(&mut self) {
        self.step = match self.step {
            Step::Start => {
                self.start();
                Step::Open(0)
            }
            Step::Open(index) if index == self.answer.blocks.len() => Step::Finish,
            Step::Open(index) => {
                self.open(index);
                Step::Delta(index, 0)
            }
            Step::Delta(index, n) if n < self.answer.blocks[index].deltas => {
                self.delta(index, n);
                Step::Delta(index, n + 1)
            }
            Step::Delta(index, _) => {
                if self.answer.blocks[index].kind == BlockKind::Thinking {
                    let delta = format!(r#"{{"type":"signature_delta","signature":"{SIGNATURE}"}}"#);
                    self.push(
                        "content_block_delta",
                        Kind::Other,
                        &format!(r#""index":{index},"delta":{delta}"#),
                    );
                }
                self.push("content_block_stop", Kind::Other, &format!(r#""index":{index}"#));
                Step::Open(index + 1)
            }
            Step::Finish => {
                self.finish();
                Step::Over
            }
            Step::Over => Step::Over,
        };
    }

    fn start(&mut self) {
        // The provider has generated a little when it speaks first, and says so.
        let told = self.input().with_output(self.answer.tokens.output.min(1 + self.answer.flavour % 4));
        let Answer { message_id, model, .. } = &self.answer;
        let mut fields = format!(
            r#""message":{{"id":"{message_id}","type":"message","role":"assistant","model":{model},"content":[],"stop_reason":null,"stop_sequence":null,"usage":"#
        );
        json::usage(&mut fields, told, &self.answer.tier);
        fields.push('}');
        self.push("message_start", Kind::Other, &fields);
        self.figures(Some(told), told);
    }

    fn open(&mut self, index: usize) {
        let block = match &self.answer.blocks[index].kind {
            BlockKind::Thinking => r#"{"type":"thinking","thinking":"","signature":""}"#.to_owned(),
            BlockKind::Text => r#"{"type":"text","text":""}"#.to_owned(),
            BlockKind::Tool { id, name } => {
                let name = serde_json::Value::from(name.as_str());
                format!(r#"{{"type":"tool_use","id":"{id}","name":{name},"input":{{}}}}"#)
            }
        };
        self.push("content_block_start", Kind::Other, &format!(r#""index":{index},"content_block":{block}"#));
        if index == 0 {
            self.ping();
        }
    }

    fn delta(&mut self, index: usize, n: u32) {
        let block = &self.answer.blocks[index];
        let mut fields = format!(r#""index":{index},"delta":"#);
        let _ = match &block.kind {
            BlockKind::Thinking => {
                let text = answer::word(self.answer.flavour, n);
                write!(fields, r#"{{"type":"thinking_delta","thinking":"{text}"}}"#)
            }
            BlockKind::Text => {
                fields.push_str(r#"{"type":"text_delta","text":""#);
                match self.answer.text_bytes {
                    Some(bytes) => fields.extend(filler(share(bytes, n, block.deltas))),
                    None if self.answer.json => fields.push_str(&json::escaped(&self.answer.piece(index, n))),
                    None => fields.push_str(answer::word(self.answer.flavour, n)),
                }
                write!(fields, r#""}}"#)
            }
            BlockKind::Tool { .. } => {
                let part = share(TOOL_INPUT.chars().count(), n, block.deltas);
                let piece: String = TOOL_INPUT.chars().skip(part.start).take(part.len()).collect();
                let piece = serde_json::Value::from(piece);
                write!(fields, r#"{{"type":"input_json_delta","partial_json":{piece}}}"#)
            }
        };
        self.push("content_block_delta", Kind::Content, &fields);
        self.done += 1;
        let generated = self.generated();
        self.figures(None, generated);
        if self.usage_every > 0 && self.done.is_multiple_of(self.usage_every) && self.done < self.of {
            let usage = format!(r#"{{"output_tokens":{}}}"#, generated.output);
            self.push(
                "message_delta",
                Kind::Other,
                &format!(r#""delta":{{"stop_reason":null,"stop_sequence":null}},"usage":{usage}"#),
            );
            self.figures(Some(generated), generated);
        }
        if self.ping_every > 0 && self.done.is_multiple_of(self.ping_every) {
            self.ping();
        }
    }

    fn finish(&mut self) {
        let Tokens { input, output, cache_read, cache_write_5m, cache_write_1h } = self.answer.tokens;
        let usage = if self.repeat_usage {
            // The provider repeats the sum of what was written to caches, not its parts.
            let written = cache_write_5m + cache_write_1h;
            format!(
                r#"{{"input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{cache_read},"output_tokens":{output}}}"#
            )
        } else {
            format!(r#"{{"output_tokens":{output}}}"#)
        };
        let delta = format!(r#"{{"stop_reason":"{}","stop_sequence":null}}"#, self.answer.stop_reason);
        self.push("message_delta", Kind::Usage, &format!(r#""delta":{delta},"usage":{usage}"#));
        self.figures(Some(self.answer.tokens), self.answer.tokens);
        self.push("message_stop", Kind::Stop, "");
    }

    fn ping(&mut self) {
        self.push("ping", Kind::Other, "");
    }

    /// Input as it is known before the end.
    fn input(&self) -> Tokens {
        let mut tokens = self.answer.tokens;
        tokens.input -= self.late_input;
        tokens
    }

    /// Output is generated evenly over the content deltas; whatever the first deltas bring, `message_start` already
    /// owned up to its share.
    fn generated(&self) -> Tokens {
        let (total, first) =
            (self.answer.tokens.output, self.answer.tokens.output.min(1 + self.answer.flavour % 4));
        let share = (total * u64::from(self.done)).div_ceil(u64::from(self.of.max(1)));
        let tokens = if self.done == self.of { self.answer.tokens } else { self.input() };
        tokens.with_output(share.max(first))
    }

    fn push(&mut self, name: &str, kind: Kind, fields: &str) {
        let comma = if fields.is_empty() { "" } else { "," };
        let bytes = format!("event: {name}\ndata: {{\"type\":\"{name}\"{comma}{fields}}}\n\n").into_bytes();
        self.made.push_back(Event { bytes, kind, told: None, billed: None });
    }

    /// Attach figures to the event made last.
    fn figures(&mut self, told: Option<Tokens>, billed: Tokens) {
        if let Some(event) = self.made.back_mut() {
            event.told = told;
            event.billed = Some(billed);
        }
    }
}

impl Iterator for Stream {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.made.is_empty() {
            if matches!(self.step, Step::Over) {
                return None;
            }
            self.advance();
        }
        self.made.pop_front()
    }
}
