//! One block after the other, where blocks come interleaved: what Anthropic and Gemini clients expect.
//!
//! The block that opened first goes through as it comes. Only what belongs to later ones waits until it is closed.

use std::collections::VecDeque;

use super::Opaque;
use super::accumulate::LARGEST;
use super::event::{Block, Event};

/// The blocks that wait.
#[derive(Debug, Default)]
pub(crate) struct Order {
    current: Option<usize>,
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    index: usize,
    block: Block<'static>,
    raw: String,
    signature: Option<Opaque<'static>>,
    closed: bool,
}

/// More waits than may.
pub(crate) struct TooMuch;

impl Order {
    /// Passes on what may go now. Only events of blocks are held back; whoever sends the others has closed all blocks.
    pub(crate) fn event(
        &mut self,
        event: Event<'_>,
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), TooMuch> {
        match event {
            Event::Open { index, block } if self.current.is_some() => {
                let block = block.into_owned();
                let waiting = Waiting { index, block, raw: String::new(), signature: None, closed: false };
                self.waiting.push_back(waiting);
            }
            Event::Open { index, .. } => {
                self.current = Some(index);
                emit(event);
            }
            Event::Delta { index, raw } if self.current != Some(index) => {
                self.bytes = self.bytes.saturating_add(raw.len());
                if self.bytes > LARGEST {
                    return Err(TooMuch);
                }
                if let Some(waiting) = self.of(index) {
                    waiting.raw.push_str(raw);
                }
            }
            Event::Signature { index, opaque } if self.current != Some(index) => {
                if let Some(waiting) = self.of(index) {
                    waiting.signature = Some(opaque.into_owned());
                }
            }
            Event::Close { index } if self.current != Some(index) => {
                if let Some(waiting) = self.of(index) {
                    waiting.closed = true;
                }
            }
            Event::Close { .. } => {
                emit(event);
                self.next(emit);
            }
            other => emit(other),
        }
        Ok(())
    }

    fn of(&mut self, index: usize) -> Option<&mut Waiting> {
        // They open in the order of their numbers.
        let at = self.waiting.binary_search_by_key(&index, |waiting| waiting.index).ok()?;
        self.waiting.get_mut(at)
    }

    fn next(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        self.current = None;
        while let Some(Waiting { index, block, raw, signature, closed }) = self.waiting.pop_front() {
            self.bytes -= raw.len();
            emit(Event::Open { index, block });
            if !raw.is_empty() {
                emit(Event::Delta { index, raw: &raw });
            }
            if let Some(opaque) = signature {
                emit(Event::Signature { index, opaque });
            }
            if !closed {
                self.current = Some(index);
                return;
            }
            emit(Event::Close { index });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_blocks_wait_for_the_first_and_then_keep_their_order() {
        let mut order = Order::default();
        let mut seen = Vec::new();
        let mut run = |event: Event<'_>| {
            let mut emit = |event: Event<'_>| match event {
                Event::Open { index, .. } => seen.push(format!("open {index}")),
                Event::Delta { index, raw } => seen.push(format!("{index}:{raw}")),
                Event::Close { index } => seen.push(format!("close {index}")),
                other => seen.push(format!("{other:?}")),
            };
            assert!(order.event(event, &mut emit).is_ok());
        };
        for index in 0..3 {
            run(Event::Open { index, block: Block::Text });
        }
        for (index, raw) in [(1, "b"), (0, "a"), (2, "c"), (1, "b"), (0, "a")] {
            run(Event::Delta { index, raw });
        }
        run(Event::Close { index: 1 });
        run(Event::Close { index: 0 });
        run(Event::Delta { index: 2, raw: "c" });
        run(Event::Close { index: 2 });
        run(Event::End);
        let wanted = "open 0,0:a,0:a,close 0,open 1,1:bb,close 1,open 2,2:c,2:c,close 2,End";
        assert_eq!(seen.join(","), wanted);
    }
}
