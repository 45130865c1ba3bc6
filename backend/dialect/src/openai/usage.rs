//! Usage as OpenAI and those who follow it report it.
//!
//! What was read from a cache, and what was written to one, is part of the input; reasoning is part of the output.
//! Both are taken out here. Some services report reasoning beside the output and count it into the total: that is
//! how they are told apart. Field by field a later figure wins, except that a later zero never erases an earlier one.

use crate::meter::reports::{later, later_inside};
use crate::scan;
use crate::usage::TokenCounts;

const NAMES: [&str; 12] = [
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "input_tokens_details",
    "completion_tokens_details",
    "output_tokens_details",
    "prompt_cache_hit_tokens",
    "num_search_queries",
    "num_sources_used",
];

/// The reported figures, field by field as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    reasoning: Option<u64>,
    pub(crate) searches: Option<u64>,
    pub(crate) tier: Option<String>,
}

impl Counts {
    /// Takes one `usage` object, in the words of either dialect.
    pub(crate) fn merge(&mut self, usage: &str) {
        let Ok(fields) = scan::lenient(usage.as_bytes(), &NAMES) else { return };
        let pick = |one, other| fields.get(one).or_else(|| fields.get(other));
        later(&mut self.input, pick("prompt_tokens", "input_tokens"));
        later(&mut self.output, pick("completion_tokens", "output_tokens"));
        later(&mut self.total, fields.get("total_tokens"));
        later(&mut self.cached, fields.get("prompt_cache_hit_tokens"));
        let input = pick("prompt_tokens_details", "input_tokens_details");
        later_inside(&mut self.cached, input.clone(), ["cached_tokens"]);
        later_inside(&mut self.written, input, ["cache_write_tokens", "cache_creation_tokens"]);
        let output = pick("completion_tokens_details", "output_tokens_details");
        later_inside(&mut self.reasoning, output, ["reasoning_tokens"]);
        later(&mut self.searches, pick("num_search_queries", "num_sources_used"));
    }

    pub(crate) const fn input_reported(&self) -> bool {
        self.input.is_some()
    }

    /// Embeddings have no output, and say so by a total that is the input.
    pub(crate) fn output_reported(&self) -> bool {
        self.output.is_some() || (self.total.is_some() && self.total == self.input)
    }

    pub(crate) fn counts(&self) -> TokenCounts {
        let (input, output) = (self.input.unwrap_or(0), self.output.unwrap_or(0));
        let cache_read = self.cached.unwrap_or(0).min(input);
        let written = self.written.unwrap_or(0).min(input - cache_read);
        let reasoning = self.reasoning.unwrap_or(0);
        let apart = reasoning > 0 && self.total == Some(input + output + reasoning);
        let output = if apart { output + reasoning } else { output };
        TokenCounts {
            input: input - cache_read - written,
            output,
            cache_read,
            cache_write_5m: written,
            cache_write_1h: 0,
            reasoning: reasoning.min(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(usage: &str) -> TokenCounts {
        let mut counts = Counts::default();
        counts.merge(usage);
        counts.counts()
    }

    #[test]
    fn what_came_from_the_cache_is_taken_out_of_the_input() {
        let chat = counts(
            r#"{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
            "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":15},
            "completion_tokens_details":{"reasoning_tokens":12}}"#,
        );
        let wanted = TokenCounts {
            input: 25,
            cache_read: 60,
            cache_write_5m: 15,
            output: 30,
            reasoning: 12,
            ..TokenCounts::default()
        };
        assert_eq!(chat, wanted);
        let responses = counts(
            r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":15},
            "output_tokens":30,"output_tokens_details":{"reasoning_tokens":12},"total_tokens":130}"#,
        );
        assert_eq!(responses, wanted);
        assert_eq!(counts(r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":4}"#).cache_read, 4);
    }

    #[test]
    fn reasoning_beside_the_output_is_added_to_it() {
        let beside = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,
            "completion_tokens_details":{"reasoning_tokens":20}}"#;
        assert_eq!((counts(beside).output, counts(beside).reasoning), (25, 20));
    }

    #[test]
    fn more_from_the_cache_than_there_was_is_as_much_as_there_was() {
        let odd = counts(
            r#"{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":90,"cache_write_tokens":9}}"#,
        );
        assert_eq!((odd.input, odd.cache_read, odd.cache_write_5m), (0, 10, 0));
    }

    #[test]
    fn embeddings_report_an_output_of_nothing() {
        let mut embedding = Counts::default();
        embedding.merge(r#"{"prompt_tokens":8,"total_tokens":8}"#);
        assert!(embedding.input_reported() && embedding.output_reported());
        assert_eq!(embedding.counts().total(), 8);
        let mut total_only = Counts::default();
        total_only.merge(r#"{"total_tokens":8}"#);
        assert!(!total_only.input_reported() && !total_only.output_reported());
    }

    #[test]
    fn figures_that_are_no_counts_are_as_if_absent() {
        for odd in ["null", "-5", "\"7\"", "1e3", "[7]", "99999999999999999999999"] {
            let usage =
                format!(r#"{{"prompt_tokens":{odd},"completion_tokens":{odd},"total_tokens":{odd}}}"#);
            assert_eq!(counts(&usage), TokenCounts::default(), "{odd}");
        }
        assert_eq!(counts("[]"), TokenCounts::default());
        assert_eq!(counts("null"), TokenCounts::default());
    }
}
