//! An answer in no dialect: as it comes, and as a whole.

use std::borrow::Cow;

use super::{Opaque, Part, Text};
use crate::error::UpstreamError;
use crate::usage::TokenCounts;

/// One step of an answer. Blocks are numbered from zero without gaps, in the order in which they open; several may
/// be open at once, and all are closed before [`Event::Stop`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The answer has begun. Comes once, before everything but an error.
    Start {
        /// The upstream's id of it.
        id: Option<Cow<'a, str>>,
        /// What is known of its usage already.
        usage: Option<Usage>,
    },
    /// A block begins.
    Open {
        /// Its number.
        index: usize,
        /// What it is.
        block: Block<'a>,
    },
    /// More text of a block, or of a call's arguments: the inside of a JSON string.
    Delta {
        /// The block's number.
        index: usize,
        /// Escaped text; no escape is cut, half a surrogate pair may be.
        raw: &'a str,
    },
    /// What proves a thinking block to its provider.
    Signature {
        /// The block's number.
        index: usize,
        /// The proof.
        opaque: Opaque<'a>,
    },
    /// A block has ended.
    Close {
        /// Its number.
        index: usize,
    },
    /// Usage so far; the later one wins.
    Usage(Usage),
    /// Why the answer ends.
    Stop {
        /// The reason.
        reason: StopReason,
        /// The stop sequence that was met.
        sequence: Option<Text<'a>>,
    },
    /// The upstream told an error. Nothing comes after it.
    Error(UpstreamError),
    /// The answer has come to its proper end. Nothing comes after it.
    End,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    /// Words.
    Text,
    /// Words of refusal.
    Refusal,
    /// Thinking, or a summary of it.
    Thinking,
    /// Thinking that nobody may read; has no deltas.
    Redacted(Opaque<'a>),
    /// A call; its deltas are its arguments.
    Tool {
        /// What pairs it with its result.
        id: Cow<'a, str>,
        /// The function's name.
        name: Cow<'a, str>,
    },
}

impl Block<'_> {
    /// The same without a borrow.
    pub fn into_owned(self) -> Block<'static> {
        match self {
            Self::Text => Block::Text,
            Self::Refusal => Block::Refusal,
            Self::Thinking => Block::Thinking,
            Self::Redacted(opaque) => Block::Redacted(opaque.into_owned()),
            Self::Tool { id, name } => {
                Block::Tool { id: Cow::Owned(id.into_owned()), name: Cow::Owned(name.into_owned()) }
            }
        }
    }
}

/// Tokens, and the tier at which they are billed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Disjoint counts.
    pub counts: TokenCounts,
    /// In the upstream's words.
    pub tier: Option<String>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The model was done.
    EndTurn,
    /// No more output was allowed, or the context window is full.
    MaxTokens,
    /// A stop sequence was met.
    StopSequence,
    /// Calls wait for their results.
    ToolUse,
    /// The model refused.
    Refusal,
    /// The provider's filter cut in.
    ContentFilter,
    /// The provider paused a long turn, to be gone on with.
    Pause,
    /// Something that no other dialect knows.
    Other,
}

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub struct Answer<'a> {
    /// The upstream's id of it.
    pub id: Option<Cow<'a, str>>,
    /// What it says.
    pub parts: Vec<Part<'a>>,
    /// Why it ended.
    pub stop: Option<StopReason>,
    /// The stop sequence that was met.
    pub sequence: Option<Text<'a>>,
    /// Its tokens.
    pub usage: Usage,
}
