//! A Chat answer in chunks. Usage comes in a chunk without choices, and only when asked for; the chunk with the finish
//! reason goes with it when a script omits the usage, as both are one event elsewhere.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::answer::{call_id, finish_reason, tier, usage};
use crate::{
    answer::{Answer, BlockKind},
    ledger::Tokens,
    moments::{Moment, Moments},
    play::{Event, Kind},
    script::Script,
};

pub(super) struct Stream {
    answer: Answer,
    moments: Moments,
    /// Made and not yet taken.
    made: VecDeque<Event>,
    /// What every chunk begins with.
    head: Value,
    shows_usage: bool,
    ping_every: u32,
    usage_every: u32,
}

impl Stream {
    pub(super) fn new(answer: Answer, script: &Script, shows_usage: bool) -> Self {
        let mut head = json!({
            "id": answer.message_id, "object": "chat.completion.chunk", "created": chrono::Utc::now().timestamp(),
            "model": answer.model(), "service_tier": tier(&answer), "system_fingerprint": "fp_sim",
        });
        if shows_usage {
            head["usage"] = Value::Null;
        }
        Self {
            moments: Moments::new(&answer),
            made: VecDeque::with_capacity(3),
            head,
            shows_usage,
            ping_every: script.ping_every.unwrap_or(0),
            usage_every: script.usage_every.unwrap_or(0),
            answer,
        }
    }

    fn tell(&mut self, moment: Moment) {
        match moment {
            Moment::Start => {
                let read = self.answer.tokens.with_output(0);
                let delta = json!({"role": "assistant", "content": "", "refusal": null});
                self.chunk(Kind::Other, &delta, None, read);
            }
            Moment::Open(at) => {
                if let BlockKind::Tool { id, name } = &self.answer.blocks[at].kind {
                    let function = json!({"name": name, "arguments": ""});
                    let call = json!({
                        "index": self.index(at), "id": call_id(id), "type": "function", "function": function,
                    });
                    self.chunk(Kind::Other, &json!({"tool_calls": [call]}), None, self.generated());
                }
            }
            Moment::Delta(at, n) => {
                let piece = self.answer.piece(at, n);
                let delta = match self.answer.blocks[at].kind {
                    BlockKind::Thinking => json!({"reasoning_content": piece}),
                    BlockKind::Text => json!({"content": piece}),
                    BlockKind::Tool { .. } => {
                        let function = json!({"arguments": piece});
                        json!({"tool_calls": [{"index": self.index(at), "function": function}]})
                    }
                };
                self.chunk(Kind::Content, &delta, None, self.generated());
                let done = self.moments.done;
                if self.ping_every > 0 && done.is_multiple_of(self.ping_every) {
                    self.push(b": keep-alive\n\n".to_vec(), Kind::Other, None, None);
                }
            }
            Moment::Close(_) => {}
            Moment::Finish => self.finish(),
        }
    }

    fn finish(&mut self) {
        let tokens = self.answer.tokens;
        self.chunk(Kind::Usage, &json!({}), Some(finish_reason(&self.answer)), tokens);
        if self.shows_usage {
            let mut chunk = self.head.clone();
            chunk["choices"] = json!([]);
            chunk["usage"] = usage(tokens, self.answer.reasoning);
            self.push(data(&chunk), Kind::Usage, Some(tokens), Some(tokens));
        }
        self.push(b"data: [DONE]\n\n".to_vec(), Kind::Stop, None, None);
    }

    /// Tool calls are counted by themselves.
    fn index(&self, at: usize) -> usize {
        let tool = |kind: &BlockKind| matches!(kind, BlockKind::Tool { .. });
        self.answer.blocks[..at].iter().filter(|block| tool(&block.kind)).count()
    }

    fn generated(&self) -> Tokens {
        self.answer.generated(self.moments.done, self.moments.of)
    }

    fn chunk(&mut self, kind: Kind, delta: &Value, finish_reason: Option<&str>, generated: Tokens) {
        let mut chunk = self.head.clone();
        chunk["choices"] =
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
        let interim = kind == Kind::Content
            && self.shows_usage
            && self.usage_every > 0
            && self.moments.done.is_multiple_of(self.usage_every);
        if interim {
            chunk["usage"] = usage(generated, self.answer.reasoning);
        }
        self.push(data(&chunk), kind, interim.then_some(generated), Some(generated));
    }

    fn push(&mut self, bytes: Vec<u8>, kind: Kind, told: Option<Tokens>, billed: Option<Tokens>) {
        self.made.push_back(Event { bytes, kind, told, billed });
    }
}

fn data(chunk: &Value) -> Vec<u8> {
    format!("data: {chunk}\n\n").into_bytes()
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
