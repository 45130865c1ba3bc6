//! The reader of one stream, whatever its dialect.

use crate::error::UpstreamError;
use crate::neutral::{Answer, Event};
use crate::{Dialect, anthropic, chat, gemini, responses};

/// Reads a stream's events, one after the other.
#[derive(Debug)]
pub(super) enum Reader {
    Anthropic(anthropic::events::Reader),
    Chat(chat::events::Reader),
    Responses(responses::events::Reader),
    Gemini(gemini::events::Reader),
}

impl Reader {
    pub(super) fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Anthropic => Self::Anthropic(anthropic::events::Reader::default()),
            Dialect::OpenaiChat => Self::Chat(chat::events::Reader::default()),
            Dialect::OpenaiResponses => Self::Responses(responses::events::Reader::default()),
            Dialect::Gemini => Self::Gemini(gemini::events::Reader::default()),
        }
    }

    pub(super) fn event(&mut self, data: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        match self {
            Self::Anthropic(reader) => reader.event(data, emit),
            Self::Chat(reader) => reader.event(data, emit),
            Self::Responses(reader) => reader.event(data, emit),
            Self::Gemini(reader) => reader.event(data, emit),
        }
    }

    pub(super) fn end(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        match self {
            Self::Anthropic(reader) => reader.end(emit),
            Self::Chat(reader) => reader.end(emit),
            // Its last event says that it is the last.
            Self::Responses(_) => {}
            Self::Gemini(reader) => reader.end(emit),
        }
    }
}

/// A whole answer.
pub(super) fn answer(dialect: Dialect, body: &[u8]) -> Result<Answer<'_>, UpstreamError> {
    match dialect {
        Dialect::Anthropic => anthropic::answer::read(body),
        Dialect::OpenaiChat => chat::answer::read(body),
        Dialect::OpenaiResponses => responses::answer::read(body),
        Dialect::Gemini => gemini::answer::read(body),
    }
}
