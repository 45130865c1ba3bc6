//! The order in which an answer is told in a stream: its beginning, then each block, piece by piece, then its end. What
//! is said at each moment is for the dialect.

use crate::answer::Answer;

/// A moment at which something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Start,
    /// A block begins.
    Open(usize),
    /// A content delta of a block.
    Delta(usize, u32),
    /// A block is complete.
    Close(usize),
    Finish,
}

/// The moments of one answer. Made one at a time: ten thousand slow streams must not hold ten thousand whole answers.
pub(crate) struct Moments {
    next: Option<Moment>,
    /// Content deltas per block.
    deltas: Vec<u32>,
    /// Content deltas told, of how many.
    pub(crate) done: u32,
    pub(crate) of: u32,
}

impl Moments {
    pub(crate) fn new(answer: &Answer) -> Self {
        let deltas: Vec<u32> = answer.blocks.iter().map(|block| block.deltas).collect();
        Self { next: Some(Moment::Start), of: deltas.iter().sum(), deltas, done: 0 }
    }
}

impl Iterator for Moments {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let open = |at: usize| if at < self.deltas.len() { Moment::Open(at) } else { Moment::Finish };
        let delta = |at: usize, n: u32| {
            if n < self.deltas[at] { Moment::Delta(at, n) } else { Moment::Close(at) }
        };
        let now = self.next?;
        self.next = match now {
            Moment::Start => Some(open(0)),
            Moment::Open(at) => Some(delta(at, 0)),
            Moment::Delta(at, n) => Some(delta(at, n + 1)),
            Moment::Close(at) => Some(open(at + 1)),
            Moment::Finish => None,
        };
        if matches!(now, Moment::Delta(..)) {
            self.done += 1;
        }
        Some(now)
    }
}
