//! A Gemini answer in chunks, each of them an answer by itself, as events or as the elements of one JSON array. There is
//! no event that ends a stream: the last chunk has a reason, and then the body ends.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    answer::{SIGNATURE, chunk, finish_reason, first_call, part, thinks, usage},
    error,
};
use crate::{
    answer::Answer,
    ledger::Tokens,
    moments::{Moment, Moments},
    play::{Event, Kind},
    script::{ErrorEvent, Omit, Script},
};

/// How chunks are put one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `alt=sse`
    Events,
    /// `[{…},{…}]`
    Array,
}

impl Form {
    fn frame(self, chunk: &Value, first: bool) -> Vec<u8> {
        let text = match self {
            Self::Events => format!("data: {chunk}\n\n"),
            Self::Array if first => format!("[{chunk:#}"),
            Self::Array => format!("\n,\n{chunk:#}"),
        };
        text.into_bytes()
    }

    /// A scripted error, after which nothing comes.
    pub(super) fn failure(self, event: &ErrorEvent) -> Vec<u8> {
        let error = json!({"error": error::error(500, Some(&event.kind), None)});
        let mut bytes = self.frame(&error, event.after == 0);
        if self == Self::Array {
            bytes.extend_from_slice(b"\n]\n");
        }
        bytes
    }
}

pub(super) struct Stream {
    answer: Answer,
    moments: Moments,
    /// Made and not yet taken.
    made: VecDeque<Event>,
    form: Form,
    /// Whether every chunk tells the usage so far, or the first and the last only.
    repeat_usage: bool,
    usage_every: u32,
    late_input: u64,
    tells_usage: bool,
    begun: bool,
}

impl Stream {
    pub(super) fn new(answer: Answer, script: &Script, repeat_usage: bool, form: Form) -> Self {
        Self {
            moments: Moments::new(&answer),
            made: VecDeque::with_capacity(2),
            form,
            repeat_usage,
            usage_every: script.usage_every.unwrap_or(0),
            late_input: script.tokens.late_input.min(answer.tokens.input),
            tells_usage: !matches!(script.omit, Some(Omit::Usage | Omit::Both)),
            begun: false,
            answer,
        }
    }

    fn tell(&mut self, moment: Moment) {
        match moment {
            Moment::Delta(at, n) => {
                let said = self.answer.piece(at, n);
                let told = self.told();
                let mut chunk = chunk(&self.answer, &[part(&self.answer, at, &said)]);
                if let Some(told) = told {
                    chunk["usageMetadata"] = usage(&self.answer, told, self.answer.reasoning);
                }
                let generated = self.answer.generated(self.moments.done, self.moments.of);
                self.push(&chunk, Kind::Content, told, generated);
            }
            Moment::Finish => self.finish(),
            Moment::Start | Moment::Open(_) | Moment::Close(_) => {}
        }
    }

    /// What a chunk before the last tells of the usage. The first tells of the prompt only.
    fn told(&self) -> Option<Tokens> {
        let done = self.moments.done;
        let mut tokens = self.answer.generated(done, self.moments.of);
        tokens.input -= self.late_input;
        if done == 1 {
            return Some(tokens.with_output(0));
        }
        let due = self.usage_every > 0 && done.is_multiple_of(self.usage_every);
        (self.repeat_usage && self.tells_usage || due).then_some(tokens)
    }

    fn finish(&mut self) {
        let mut last = json!({"text": ""});
        if thinks(&self.answer) && first_call(&self.answer).is_none() {
            last["thoughtSignature"] = SIGNATURE.into();
        }
        let tokens = self.answer.tokens;
        let mut chunk = chunk(&self.answer, &[last]);
        chunk["candidates"][0]["finishReason"] = finish_reason(&self.answer).into();
        if self.tells_usage {
            chunk["usageMetadata"] = usage(&self.answer, tokens, self.answer.reasoning);
        }
        self.push(&chunk, Kind::Stop, self.tells_usage.then_some(tokens), tokens);
        if self.form == Form::Array {
            let bytes = b"\n]\n".to_vec();
            self.made.push_back(Event { bytes, kind: Kind::Other, told: None, billed: None });
        }
    }

    fn push(&mut self, chunk: &Value, kind: Kind, told: Option<Tokens>, generated: Tokens) {
        let bytes = self.form.frame(chunk, !std::mem::replace(&mut self.begun, true));
        self.made.push_back(Event { bytes, kind, told, billed: Some(generated) });
    }
}

impl Iterator for Stream {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.made.is_empty() {
            let moment = self.moments.next()?;
            self.tell(moment);
        }
        self.made.pop_front()
    }
}
