//! Usage as Chat Completions report it: in one chunk at the end of a stream that has no choices, or in the last that
//! has; of some services with every chunk.

mod stream;

use crate::chat::request::model_searches;
use crate::error::UpstreamError;
use crate::meter::reports::{Member, Reports, Slot, What};
use crate::meter::told::Told;
use crate::openai;
use crate::openai::usage::Counts;
use crate::usage::TokenCounts;

/// What has been told until now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    counts: Counts,
    /// The model that answers searches by itself, and is billed for it.
    searches: bool,
    /// Choices that have begun and that have finished, a bit for each.
    begun: u128,
    finished: u128,
    /// The first chunk has told who answers.
    introduced: bool,
}

impl Figures {
    /// Whether every answer that has begun has come to its end.
    const fn is_finished(&self) -> bool {
        self.finished != 0 && self.begun & !self.finished == 0
    }
}

impl Reports for Figures {
    const BODY: &'static [Member] = &[
        Member::new("choices", What::Counted(&[Member::new("finish_reason", What::Keep(Slot::Stop))])),
        // Of embeddings and pictures.
        Member::new("data", What::Content),
        Member::new("usage", What::Keep(Slot::Usage)),
        Member::new("id", What::Keep(Slot::Id)),
        Member::new("model", What::Keep(Slot::Model)),
        Member::new("service_tier", What::Keep(Slot::Tier)),
        Member::new("error", What::Keep(Slot::Error)),
    ];

    fn usage(&mut self, json: &str) {
        self.counts.merge(json);
    }

    fn tier(&mut self, name: String) {
        self.counts.tier = Some(name);
    }

    fn model(&mut self, name: &str) {
        self.searches = model_searches(name);
    }

    fn counts(&self) -> TokenCounts {
        self.counts.counts()
    }

    fn input_reported(&self) -> bool {
        self.counts.input_reported()
    }

    fn output_reported(&self) -> bool {
        self.counts.output_reported()
    }

    fn service_tier(&self) -> Option<&str> {
        self.counts.tier.as_deref()
    }

    fn web_searches(&self) -> u64 {
        self.counts.searches.unwrap_or_else(|| u64::from(self.searches))
    }

    fn error(json: &str) -> Option<UpstreamError> {
        openai::error::read_inner(json)
    }

    fn event(&mut self, told: &mut Told, data: &[u8]) {
        stream::event(self, told, data);
    }
}

#[cfg(test)]
mod tests;
