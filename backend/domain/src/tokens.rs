//! Token counts in disjoint buckets, whatever the provider's own semantics were.

use serde::{Deserialize, Serialize};
use std::ops::Add;

/// What a request used. The buckets are disjoint, except `reasoning`, which is the part of `output` that was
/// thinking. Providers that count differently are normalised before they get here (`design/providers.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Input tokens that were neither read from nor written to a prompt cache.
    pub input: u64,
    /// Output tokens, thinking included.
    pub output: u64,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Input tokens written to the cache with the 5 minute lifetime.
    pub cache_write_5m: u64,
    /// Input tokens written to the cache with the 1 hour lifetime.
    pub cache_write_1h: u64,
    /// The part of `output` spent on reasoning, where the provider says so. Never added to anything.
    #[serde(default)]
    pub reasoning: u64,
}

impl TokenCounts {
    /// All input, cached or not: what a long-context threshold is compared with.
    pub fn all_input(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// What counts against a token limit: every bucket once.
    pub fn total(&self) -> u64 {
        self.all_input().saturating_add(self.output)
    }
}

impl Add for TokenCounts {
    type Output = Self;

    fn add(self, o: Self) -> Self {
        Self {
            input: self.input.saturating_add(o.input),
            output: self.output.saturating_add(o.output),
            cache_read: self.cache_read.saturating_add(o.cache_read),
            cache_write_5m: self.cache_write_5m.saturating_add(o.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_add(o.cache_write_1h),
            reasoning: self.reasoning.saturating_add(o.reasoning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_is_part_of_output_and_never_counted_twice() {
        let t = TokenCounts {
            input: 1,
            output: 10,
            cache_read: 2,
            cache_write_5m: 3,
            cache_write_1h: 4,
            reasoning: 9,
        };
        assert_eq!((t.all_input(), t.total()), (10, 20));
    }
}
