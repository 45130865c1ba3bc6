//! The writer of one answer, whatever its dialect and form.

use bytes::BytesMut;

use super::Wire;
use crate::error::UpstreamError;
use crate::framing::Framing;
use crate::neutral::order::TooMuch;
use crate::neutral::{Accumulator, Event, Restore};
use crate::{Dialect, anthropic, chat, gemini, responses};

/// Writes events as they come, or puts them together.
#[derive(Debug)]
pub(super) enum Writer {
    Anthropic(anthropic::events::Writer),
    Chat(chat::events::Writer),
    Responses(responses::events::Writer),
    Gemini(gemini::events::Writer),
    Whole(Accumulator),
}

impl Writer {
    pub(super) fn new(wire: Wire) -> Self {
        match (wire.framing, wire.dialect) {
            (Framing::Body, _) => Self::Whole(Accumulator::default()),
            (_, Dialect::Anthropic) => Self::Anthropic(anthropic::events::Writer::default()),
            (_, Dialect::OpenaiChat) => Self::Chat(chat::events::Writer::default()),
            (_, Dialect::OpenaiResponses) => Self::Responses(responses::events::Writer::default()),
            (framing, Dialect::Gemini) => Self::Gemini(gemini::events::Writer::new(framing)),
        }
    }

    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        restore: &Restore,
        out: &mut BytesMut,
    ) -> Result<(), TooMuch> {
        match self {
            Self::Anthropic(writer) => writer.event(event, restore, out),
            Self::Chat(writer) => {
                writer.event(event, restore, out);
                Ok(())
            }
            Self::Responses(writer) => writer.event(event, restore, out),
            Self::Gemini(writer) => writer.event(event, restore, out),
            Self::Whole(accumulator) => {
                accumulator.event(event);
                Ok(())
            }
        }
    }

    /// Writes what was put together; nothing where it went out as it came.
    pub(super) fn finish(
        &mut self,
        dialect: Dialect,
        restore: &Restore,
        out: &mut BytesMut,
    ) -> Result<(), UpstreamError> {
        let Self::Whole(accumulator) = self else { return Ok(()) };
        let answer = std::mem::take(accumulator).finish()?;
        match dialect {
            Dialect::Anthropic => anthropic::answer::write(&answer, restore, out),
            Dialect::OpenaiChat => chat::answer::write(&answer, restore, out),
            Dialect::OpenaiResponses => responses::answer::write(&answer, restore, out),
            Dialect::Gemini => gemini::answer::write(&answer, restore, out),
        }
        Ok(())
    }
}
