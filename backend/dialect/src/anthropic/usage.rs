//! Usage as Anthropic reports it, read on the side.
//!
//! `message_start` carries input and cache figures, later `message_delta`s carry output and may repeat the others:
//! field by field the later one wins, except that a later zero never erases an earlier figure (several compatible
//! servers fill what they do not know with zeros). All figures are disjoint already; only the cache writes come as
//! a total with an optional split by lifetime.

mod stream;

use serde::Deserialize;

use crate::error::UpstreamError;
use crate::meter::reports::{ABSURD, Member, Reports, Slot, What, later, later_inside};
use crate::meter::told::Told;
use crate::scan;
use crate::usage::TokenCounts;

/// The reported figures, field by field as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    service_tier: Option<String>,
    /// Compaction runs inside the request, which the totals leave out although they are billed.
    compaction: TokenCounts,
}

impl Reports for Figures {
    const BODY: &'static [Member] = &[
        Member::new("content", What::Content),
        Member::new("usage", What::Keep(Slot::Usage)),
        Member::new("id", What::Keep(Slot::Id)),
        Member::new("model", What::Keep(Slot::Model)),
        Member::new("stop_reason", What::Keep(Slot::Stop)),
        Member::new("error", What::Keep(Slot::Error)),
    ];

    fn usage(&mut self, usage: &str) {
        const NAMES: [&str; 9] = [
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "cache_creation",
            "server_tool_use",
            "service_tier",
            "output_tokens_details",
            "iterations",
        ];
        let Ok(fields) = scan::lenient(usage.as_bytes(), &NAMES) else { return };
        later(&mut self.input, fields.get("input_tokens"));
        later(&mut self.output, fields.get("output_tokens"));
        later(&mut self.cache_read, fields.get("cache_read_input_tokens"));
        later(&mut self.cache_write, fields.get("cache_creation_input_tokens"));
        let split = fields.get("cache_creation");
        later_inside(&mut self.cache_write_5m, split.clone(), ["ephemeral_5m_input_tokens"]);
        later_inside(&mut self.cache_write_1h, split, ["ephemeral_1h_input_tokens"]);
        later_inside(&mut self.web_searches, fields.get("server_tool_use"), ["web_search_requests"]);
        later_inside(&mut self.thinking, fields.get("output_tokens_details"), ["thinking_tokens"]);
        if let Some(tier) = fields.get("service_tier").and_then(|value| value.str()) {
            self.service_tier = Some(tier.into_owned());
        }
        if let Some(list) = fields.get("iterations").filter(|value| !value.is_blank()) {
            self.compaction = compaction(list.raw());
        }
    }

    fn input_reported(&self) -> bool {
        self.input.is_some()
    }

    fn output_reported(&self) -> bool {
        self.output.is_some()
    }

    fn counts(&self) -> TokenCounts {
        let (five, hour) = (self.cache_write_5m.unwrap_or(0), self.cache_write_1h.unwrap_or(0));
        // What the split does not explain was written with the default lifetime.
        let unexplained = self.cache_write.unwrap_or(0).saturating_sub(five + hour);
        let output = self.output.unwrap_or(0);
        TokenCounts {
            input: self.input.unwrap_or(0) + self.compaction.input,
            output: output + self.compaction.output,
            cache_read: self.cache_read.unwrap_or(0) + self.compaction.cache_read,
            cache_write_5m: five + unexplained + self.compaction.cache_write_5m,
            cache_write_1h: hour,
            reasoning: self.thinking.unwrap_or(0).min(output),
        }
    }

    fn service_tier(&self) -> Option<&str> {
        self.service_tier.as_deref()
    }

    fn web_searches(&self) -> u64 {
        self.web_searches.unwrap_or(0)
    }

    fn error(json: &str) -> Option<UpstreamError> {
        super::error::read_inner(json)
    }

    fn event(&mut self, told: &mut Told, data: &[u8]) {
        stream::event(self, told, data);
    }
}

#[derive(Deserialize)]
struct Iteration {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: u64,
}

fn compaction(list: &str) -> TokenCounts {
    let iterations: Vec<Iteration> = serde_json::from_str(list).unwrap_or_default();
    let mut sum = TokenCounts::default();
    for run in iterations.iter().filter(|run| run.kind == "compaction") {
        sum.input += run.input_tokens.min(ABSURD);
        sum.output += run.output_tokens.min(ABSURD);
        sum.cache_read += run.cache_read_input_tokens.min(ABSURD);
        sum.cache_write_5m += run.cache_creation_input_tokens.min(ABSURD);
    }
    sum
}

#[cfg(test)]
mod tests;
