//! What the request's conversion changed, changed back in the answer: names of tools, ids that the client would refuse,
//! and the tool through which Claude gives an answer by a schema, whose arguments are the text that was asked for. What
//! the client did not ask to see is left out here, too.

use crate::Dialect;
use crate::neutral::accumulate::LARGEST;
use crate::neutral::draft::JSON_TOOL;
use crate::neutral::{Block, Event, Restore, StopReason, ids};

/// Stands between reader and writer.
#[derive(Debug, Default)]
pub(super) struct Restoring {
    /// The blocks by the reader's number.
    blocks: Vec<Shown>,
    /// How many the client is shown.
    shown: usize,
    unwrapped: bool,
    called: bool,
    /// A reason to stop was told that calls do not go with, and before them.
    ended: bool,
}

#[derive(Debug)]
struct Shown {
    /// The client's number; `None` for what it is not shown.
    index: Option<usize>,
    /// Arguments, of which none have come: an empty object is left out by some.
    empty: bool,
    /// Thinking that the client is not to see: the block opens when a proof comes, and without its text.
    hidden: bool,
    /// The text of thinking that will not come back as it went: hidden, or left out by Gemini's clients.
    kept: Option<String>,
    /// Nothing of it may follow, whatever the upstream sends.
    closed: bool,
}

impl Restoring {
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        restore: &Restore,
        client: Dialect,
        emit: &mut impl FnMut(Event<'_>),
    ) {
        if let Event::Delta { index, .. } | Event::Signature { index, .. } | Event::Close { index } = event
            && self.blocks.get(index).is_none_or(|block| block.closed)
        {
            return;
        }
        match event {
            Event::Open { block, .. } => self.open(block, restore, client, emit),
            Event::Delta { index, raw } => {
                if let Some(kept) = self.blocks.get_mut(index).and_then(|block| block.kept.as_mut())
                    && kept.len() + raw.len() <= LARGEST
                {
                    kept.push_str(raw);
                }
                if self.hides(index) {
                    return;
                }
                if let Some(index) = self.index(index) {
                    emit(Event::Delta { index, raw });
                }
                if let Some(block) = self.blocks.get_mut(index) {
                    block.empty &= raw.is_empty();
                }
            }
            Event::Signature { index, opaque } => {
                if self.hides(index) && self.index(index).is_none() {
                    let shown = self.show(Block::Thinking, emit);
                    self.blocks[index].index = Some(shown);
                }
                let kept = self.blocks.get_mut(index).and_then(|block| block.kept.take());
                let opaque = match kept {
                    Some(text) => opaque.with_text(&text),
                    None => opaque,
                };
                if let Some(index) = self.index(index) {
                    emit(Event::Signature { index, opaque });
                }
            }
            Event::Close { index } => {
                let empty = self.blocks.get(index).is_some_and(|block| block.empty);
                self.blocks[index].closed = true;
                let Some(index) = self.index(index) else { return };
                if empty {
                    emit(Event::Delta { index, raw: "{}" });
                }
                emit(Event::Close { index });
            }
            Event::Stop { reason: StopReason::ToolUse, sequence } if self.unwrapped && !self.called => {
                self.ended = true;
                emit(Event::Stop { reason: StopReason::EndTurn, sequence });
            }
            // Calls wait for results whatever the upstream calls it.
            Event::Stop { reason: StopReason::EndTurn | StopReason::Other, sequence } if self.called => {
                emit(Event::Stop { reason: StopReason::ToolUse, sequence });
            }
            Event::Stop { reason, sequence } => {
                self.ended = matches!(reason, StopReason::EndTurn | StopReason::Other);
                emit(Event::Stop { reason, sequence });
            }
            other => emit(other),
        }
    }

    fn open(
        &mut self,
        block: Block<'_>,
        restore: &Restore,
        client: Dialect,
        emit: &mut impl FnMut(Event<'_>),
    ) {
        let empty = matches!(block, Block::Tool { .. });
        let thinks = block == Block::Thinking;
        let block = match block {
            Block::Tool { name, .. } if restore.json_tool && name == JSON_TOOL => {
                self.unwrapped = true;
                Some(Block::Text)
            }
            Block::Tool { id, name } => {
                self.called = true;
                // The writers keep the last reason until the end.
                if std::mem::take(&mut self.ended) {
                    emit(Event::Stop { reason: StopReason::ToolUse, sequence: None });
                }
                let id = ids::legal(&id, client).into_owned().into();
                Some(Block::Tool { id, name: restore.names.restored(name) })
            }
            // Words around the answer would spoil its JSON.
            Block::Text if restore.json_tool => None,
            Block::Thinking if restore.hide_thinking => None,
            other => Some(other),
        };
        let hidden = thinks && block.is_none();
        let kept = (hidden || thinks && client == Dialect::Gemini).then(String::new);
        let index = block.map(|block| self.show(block, emit));
        self.blocks.push(Shown { index, empty, hidden, kept, closed: false });
    }

    fn show(&mut self, block: Block<'_>, emit: &mut impl FnMut(Event<'_>)) -> usize {
        let index = self.shown;
        self.shown += 1;
        emit(Event::Open { index, block });
        index
    }

    fn hides(&self, index: usize) -> bool {
        self.blocks.get(index).is_some_and(|block| block.hidden)
    }

    fn index(&self, index: usize) -> Option<usize> {
        self.blocks.get(index)?.index
    }
}
