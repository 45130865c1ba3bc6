//! Usage as Responses report it: in the response object, which the last event of a stream carries whole.

mod stream;

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
    /// Searches among the items of the output.
    searches: u64,
}

impl Reports for Figures {
    const BODY: &'static [Member] = &[
        Member::new("output", What::Counted(&[Member::new("type", What::Keep(Slot::Item))])),
        Member::new("usage", What::Keep(Slot::Usage)),
        Member::new("id", What::Keep(Slot::Id)),
        Member::new("model", What::Keep(Slot::Model)),
        Member::new("status", What::Keep(Slot::Stop)),
        Member::new("incomplete_details", What::Inside(&[Member::new("reason", What::Keep(Slot::Stop))])),
        Member::new("service_tier", What::Keep(Slot::Tier)),
        Member::new("error", What::Keep(Slot::Error)),
    ];

    fn usage(&mut self, json: &str) {
        self.counts.merge(json);
    }

    /// A search also opens pages, which is not billed and not told apart here.
    fn item(&mut self, kind: &str) {
        self.searches += u64::from(kind == "web_search_call");
    }

    fn tier(&mut self, name: String) {
        self.counts.tier = Some(name);
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
        self.searches.max(self.counts.searches.unwrap_or(0))
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
