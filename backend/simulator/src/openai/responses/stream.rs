//! A Responses answer in events, each with its number and its place. The last event is the only one with usage: a script
//! that omits the usage gets it without, one that omits the end gets none.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::answer::{Shown, item_id, part};
use crate::{
    answer::{Answer, BlockKind},
    ledger::Tokens,
    moments::{Moment, Moments},
    play::{Event, Kind},
    script::{Omit, Script},
};

pub(super) struct Stream {
    answer: Answer,
    shown: Shown,
    moments: Moments,
    /// Made and not yet taken.
    made: VecDeque<Event>,
    number: u64,
    tells_usage: bool,
    ping_every: u32,
}

impl Stream {
    pub(super) fn new(answer: Answer, shown: Shown, script: &Script) -> Self {
        Self {
            moments: Moments::new(&answer),
            made: VecDeque::with_capacity(4),
            number: 0,
            tells_usage: script.omit != Some(Omit::Usage),
            ping_every: script.ping_every.unwrap_or(0),
            answer,
            shown,
        }
    }

    fn tell(&mut self, moment: Moment) {
        match moment {
            Moment::Start => {
                let empty = self.shown.empty(&self.answer);
                for name in ["response.created", "response.in_progress"] {
                    self.push(name, Kind::Other, json!({"response": empty}));
                }
            }
            Moment::Open(at) => self.open(at),
            Moment::Delta(at, n) => {
                let mut fields = json!({"delta": self.answer.piece(at, n)});
                let name = match self.answer.blocks[at].kind {
                    BlockKind::Thinking => "response.reasoning_summary_text.delta",
                    BlockKind::Text => {
                        fields["logprobs"] = json!([]);
                        "response.output_text.delta"
                    }
                    BlockKind::Tool { .. } => "response.function_call_arguments.delta",
                };
                self.place(at, name, Kind::Content, fields);
                let done = self.moments.done;
                if self.ping_every > 0 && done.is_multiple_of(self.ping_every) {
                    let bytes = b": keep-alive\n\n".to_vec();
                    self.made.push_back(Event { bytes, kind: Kind::Other, told: None, billed: None });
                }
            }
            Moment::Close(at) => self.close(at),
            Moment::Finish => self.finish(),
        }
    }

    fn open(&mut self, at: usize) {
        let item = self.shown.begun(&self.answer, at);
        self.push("response.output_item.added", Kind::Other, json!({"output_index": at, "item": item}));
        match self.answer.blocks[at].kind {
            BlockKind::Thinking => {
                let part = json!({"type": "summary_text", "text": ""});
                self.place(at, "response.reasoning_summary_part.added", Kind::Other, json!({"part": part}));
            }
            BlockKind::Text => {
                self.place(at, "response.content_part.added", Kind::Other, json!({"part": part("")}));
            }
            BlockKind::Tool { .. } => {}
        }
    }

    fn close(&mut self, at: usize) {
        let said = self.answer.said(at);
        match &self.answer.blocks[at].kind {
            BlockKind::Thinking => {
                let part = json!({"type": "summary_text", "text": said});
                self.place(at, "response.reasoning_summary_text.done", Kind::Other, json!({"text": said}));
                self.place(at, "response.reasoning_summary_part.done", Kind::Other, json!({"part": part}));
            }
            BlockKind::Text => {
                let fields = json!({"text": said, "logprobs": []});
                self.place(at, "response.output_text.done", Kind::Other, fields);
                self.place(at, "response.content_part.done", Kind::Other, json!({"part": part(&said)}));
            }
            BlockKind::Tool { name, .. } => {
                let fields = json!({"arguments": said, "name": name});
                self.place(at, "response.function_call_arguments.done", Kind::Other, fields);
            }
        }
        let item = self.shown.item(&self.answer, at);
        self.push("response.output_item.done", Kind::Other, json!({"output_index": at, "item": item}));
    }

    fn finish(&mut self) {
        let mut whole = self.shown.whole(&self.answer);
        if !self.tells_usage {
            whole["usage"] = Value::Null;
        }
        let name = format!("response.{}", whole["status"].as_str().unwrap_or_default());
        self.push(&name, Kind::Stop, json!({"response": whole}));
        if let Some(event) = self.made.back_mut() {
            event.told = self.tells_usage.then_some(self.answer.tokens);
            event.billed = Some(self.answer.tokens);
        }
    }

    /// An event about something within an item.
    fn place(&mut self, at: usize, name: &str, kind: Kind, mut fields: Value) {
        fields["item_id"] = item_id(&self.answer, at).into();
        fields["output_index"] = at.into();
        match self.answer.blocks[at].kind {
            BlockKind::Thinking => fields["summary_index"] = 0.into(),
            BlockKind::Text => fields["content_index"] = 0.into(),
            BlockKind::Tool { .. } => {}
        }
        self.push(name, kind, fields);
    }

    fn push(&mut self, name: &str, kind: Kind, mut fields: Value) {
        fields["type"] = name.into();
        fields["sequence_number"] = self.number.into();
        self.number += 1;
        let bytes = format!("event: {name}\ndata: {fields}\n\n").into_bytes();
        let generated: Tokens = self.answer.generated(self.moments.done, self.moments.of);
        self.made.push_back(Event { bytes, kind, told: None, billed: Some(generated) });
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
