//! The meter for a stream of events. Never fails: what it cannot read is counted as generated text, and so on the
//! high side. The `event:` name is not trusted, the data says what it is.

use super::Gauge;
use super::reports::Reports;
use super::told::Told;
use crate::sse::Decoder;
use crate::usage::{Reading, Unmetered};

#[derive(Debug, Default)]
pub(super) struct StreamMeter<R> {
    decoder: Decoder,
    told: Told,
    figures: R,
}

impl<R: Reports> Gauge for StreamMeter<R> {
    #[inline]
    fn push(&mut self, chunk: &[u8]) {
        let Self { decoder, told, figures } = self;
        if decoder.push(chunk, |event| figures.event(told, event.data)).is_err() {
            told.unmetered = Some(Unmetered::TooLarge);
        }
    }

    /// A last event without its blank line still counts.
    fn finish(&mut self) {
        let Self { decoder, told, figures } = self;
        decoder.finish(|event| figures.event(told, event.data));
    }

    fn told(&self) -> &Told {
        &self.told
    }

    fn between_events(&self) -> bool {
        self.decoder.between_events()
    }

    fn told_mut(&mut self) -> &mut Told {
        &mut self.told
    }

    fn reading(&self, told: Told) -> Reading {
        told.reading(&self.figures)
    }
}
