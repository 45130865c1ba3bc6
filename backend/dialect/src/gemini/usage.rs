//! Usage as Gemini reports it: with every piece of a stream, the last of which counts.
//!
//! What was read from a cache is part of the prompt; what tools brought in stands beside it; thoughts stand beside the
//! candidates, except where the total says otherwise. What is zero is left out, so that a prompt and a total report an
//! output too.

mod stream;

use serde_json::value::RawValue;

use crate::error::UpstreamError;
use crate::gemini;
use crate::meter::reports::{Member, Reports, Slot, What, later};
use crate::meter::told::Told;
use crate::scan;
use crate::usage::TokenCounts;

/// What a part of an answer can hold.
const PART: &[Member] = &[
    Member::new("text", What::Content),
    Member::new("functionCall", What::Content),
    Member::new("inlineData", What::Content),
    Member::new("executableCode", What::Content),
    Member::new("codeExecutionResult", What::Content),
    Member::new("thoughtSignature", What::Content),
];

const CANDIDATE: &[Member] = &[
    Member::new("content", What::Inside(&[Member::new("parts", What::Inside(PART))])),
    Member::new("finishReason", What::Keep(Slot::Stop)),
    Member::new(
        "groundingMetadata",
        What::Inside(&[Member::new("webSearchQueries", What::Keep(Slot::Searches))]),
    ),
];

/// The reported figures, field by field as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    prompt: Option<u64>,
    tool_prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
    searches: u64,
    tier: Option<String>,
    /// Candidates that have begun and that have finished, a bit for each.
    begun: u128,
    finished: u128,
}

impl Reports for Figures {
    const BODY: &'static [Member] = &[
        Member::new("candidates", What::Inside(CANDIDATE)),
        Member::new("embedding", What::Content),
        Member::new("embeddings", What::Content),
        Member::new("promptFeedback", What::Inside(&[Member::new("blockReason", What::Keep(Slot::Stop))])),
        Member::new("usageMetadata", What::Keep(Slot::Usage)),
        Member::new("responseId", What::Keep(Slot::Id)),
        Member::new("modelVersion", What::Keep(Slot::Model)),
        Member::new("error", What::Keep(Slot::Error)),
    ];

    fn usage(&mut self, json: &str) {
        let names = [
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "cachedContentTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
            "totalTokenCount",
            "serviceTier",
            "trafficType",
        ];
        let Ok(fields) = scan::lenient(json.as_bytes(), &names) else { return };
        later(&mut self.prompt, fields.get("promptTokenCount"));
        later(&mut self.tool_prompt, fields.get("toolUsePromptTokenCount"));
        later(&mut self.cached, fields.get("cachedContentTokenCount"));
        later(&mut self.candidates, fields.get("candidatesTokenCount"));
        later(&mut self.thoughts, fields.get("thoughtsTokenCount"));
        later(&mut self.total, fields.get("totalTokenCount"));
        let text =
            |name| fields.get(name).and_then(|value| value.str().map(|text| text.to_ascii_lowercase()));
        // `ON_DEMAND_PRIORITY`, `ON_DEMAND_FLEX`.
        let traffic = || text("trafficType")?.strip_prefix("on_demand_").map(str::to_owned);
        self.tier = text("serviceTier").or_else(traffic).or(self.tier.take());
    }

    fn searches(&mut self, json: &str) {
        let queries = serde_json::from_str::<Vec<&RawValue>>(json).map_or(0, |list| list.len() as u64);
        self.searches = self.searches.max(queries);
    }

    fn counts(&self) -> TokenCounts {
        let (prompt, tools) = (self.prompt.unwrap_or(0), self.tool_prompt.unwrap_or(0));
        let cache_read = self.cached.unwrap_or(0).min(prompt);
        let (candidates, thoughts) = (self.candidates.unwrap_or(0), self.thoughts.unwrap_or(0));
        let rest = self.total.map(|total| total.saturating_sub(prompt + tools));
        let output = match (self.candidates, rest) {
            (Some(_), Some(rest)) if rest == candidates => candidates,
            (None, Some(rest)) => rest.max(thoughts),
            _ => candidates + thoughts,
        };
        TokenCounts {
            input: prompt - cache_read + tools,
            output,
            cache_read,
            reasoning: thoughts.min(output),
            ..TokenCounts::default()
        }
    }

    fn input_reported(&self) -> bool {
        self.prompt.is_some()
    }

    fn output_reported(&self) -> bool {
        self.candidates.is_some()
            || self.thoughts.is_some()
            || (self.prompt.is_some() && self.total.is_some())
    }

    fn service_tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    fn web_searches(&self) -> u64 {
        self.searches
    }

    fn error(json: &str) -> Option<UpstreamError> {
        gemini::error::read_inner(json)
    }

    fn event(&mut self, told: &mut Told, data: &[u8]) {
        stream::event(self, told, data);
    }
}

#[cfg(test)]
mod tests;
