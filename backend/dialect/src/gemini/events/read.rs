//! The reader of a Gemini stream.
//!
//! Every chunk is an answer of its own with a few parts more; calls come whole. Nothing says that it was the last one but
//! the stream's end, and the reason for stopping before it.

use crate::gemini::answer::{blocked, candidate, parts_of, stop_reason};
use crate::gemini::error;
use crate::gemini::read::parts::answer_part;
use crate::gemini::usage::Figures;
use crate::meter::reports::Reports;
use crate::neutral::{Block, Event, Part, StopReason, Usage, answer, ids};
use crate::scan::{Members, Value};

/// Reads a stream's events, one `data` or element after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    figures: Figures,
    started: bool,
    stem: String,
    blocks: usize,
    /// The block of words that is open, and whether they are thoughts.
    words: Option<(usize, bool)>,
    calls: usize,
    stopped: bool,
}

impl Reader {
    pub(crate) fn event(&mut self, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        let Some(members) = std::str::from_utf8(data).ok().and_then(Members::read) else { return };
        if members.get("error").is_some() {
            return emit(Event::Error(error::read(data).unwrap_or_else(answer::unreadable)));
        }
        if !self.started {
            self.started = true;
            let id = members.either("responseId", "response_id").and_then(Value::str);
            self.stem = id.as_deref().unwrap_or_default().to_owned();
            emit(Event::Start { id, usage: None });
        }
        let candidate = candidate(&members).unwrap_or_default();
        for part in parts_of(&candidate) {
            self.part(&part, emit);
        }
        if let Some(usage) = members.either("usageMetadata", "usage_metadata") {
            self.figures.usage(usage.raw());
            emit(Event::Usage(Usage::of(&self.figures)));
        }
        let reason = candidate.either("finishReason", "finish_reason").and_then(Value::str);
        let reason = reason.map(|reason| stop_reason(&reason));
        let reason = reason.or_else(|| blocked(&members).map(|_| StopReason::ContentFilter));
        if let Some(reason) = reason
            && !std::mem::replace(&mut self.stopped, true)
        {
            self.end_words(emit);
            let reason = match reason {
                StopReason::EndTurn | StopReason::Other if self.calls > 0 => StopReason::ToolUse,
                reason => reason,
            };
            emit(Event::Stop { reason, sequence: None });
        }
    }

    /// The stream has ended. What has told why it stops is complete.
    pub(crate) fn end(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        if self.stopped {
            emit(Event::End);
        }
    }

    fn part(&mut self, part: &Value<'_>, emit: &mut impl FnMut(Event<'_>)) {
        let Some(members) = Members::of(part) else { return };
        let mut parts = Vec::new();
        let (stem, calls) = (&self.stem, self.calls);
        // What no other dialect has is left out.
        if answer_part(&members, &mut parts, &mut |_| ids::made(stem, calls)).is_err() || self.stopped {
            return;
        }
        for part in parts {
            match part {
                Part::Text { text, .. } => self.say(false, text.raw(), emit),
                Part::Thinking { text, signature } => {
                    self.say(true, text.raw(), emit);
                    if let (Some(opaque), Some((index, true))) = (signature, self.words) {
                        emit(Event::Signature { index, opaque });
                        self.end_words(emit);
                    }
                }
                Part::Redacted(opaque) => {
                    self.end_words(emit);
                    let index = self.open(Block::Redacted(opaque), emit);
                    emit(Event::Close { index });
                }
                Part::ToolUse(call) => {
                    self.end_words(emit);
                    self.calls += 1;
                    let raw = call.input.escaped();
                    let index = self.open(Block::Tool { id: call.id.clone(), name: call.name.clone() }, emit);
                    emit(Event::Delta { index, raw: &raw });
                    emit(Event::Close { index });
                }
                _ => {}
            }
        }
    }

    fn say(&mut self, thinks: bool, raw: &str, emit: &mut impl FnMut(Event<'_>)) {
        let index = match self.words {
            Some((index, open)) if open == thinks => index,
            _ => {
                self.end_words(emit);
                let index = self.open(if thinks { Block::Thinking } else { Block::Text }, emit);
                self.words = Some((index, thinks));
                index
            }
        };
        if !raw.is_empty() {
            emit(Event::Delta { index, raw });
        }
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
