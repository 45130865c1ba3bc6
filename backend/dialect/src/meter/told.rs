//! What a response has told of itself apart from its figures, the same in every dialect and form.

use super::reports::Reports;
use crate::error::UpstreamError;
use crate::usage::{Reading, Unmetered, tokens_in};

#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The output figure is the last.
    pub(crate) final_output: bool,
    pub(crate) complete: bool,
    pub(crate) began: bool,
    /// Tokens in the content seen, each event rounded up by itself.
    pub(crate) tokens: u64,
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) error: Option<UpstreamError>,
    pub(crate) unmetered: Option<Unmetered>,
}

impl Told {
    /// So many bytes of JSON string were generated. Escapes make it longer than the text, never shorter.
    pub(crate) fn generated(&mut self, bytes: usize) {
        self.tokens = self.tokens.saturating_add(tokens_in(bytes as u64));
    }

    pub(super) fn reading(self, figures: &impl Reports) -> Reading {
        Reading {
            counts: figures.counts(),
            input_reported: figures.input_reported(),
            output_final: figures.output_reported() && self.final_output,
            complete: self.complete,
            began: self.began,
            estimated_output: self.tokens,
            wire_bytes: 0,
            id: self.id,
            model: self.model,
            stop_reason: self.stop_reason,
            service_tier: figures.service_tier().map(str::to_owned),
            web_searches: figures.web_searches(),
            error: self.error,
            unmetered: self.unmetered,
        }
    }
}
