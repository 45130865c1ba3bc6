//! What a request costs: prices in nano-dollars per million tokens, and the arithmetic on them.
//!
//! Rule: every bucket's tokens × price are added up exactly in 128 bits and divided once at the end, rounded half
//! up to a nano-dollar. Worst cases are rounded up. So a sum never depends on the order of its parts, and a
//! reservation can never be smaller than the bill it stands for.

mod snapshot;
pub mod table;

use crate::{money::Nanos, tokens::TokenCounts};
use serde::{Deserialize, Serialize};

pub use snapshot::Snapshot;
pub use table::{PriceTable, TableError};

const PER_MILLION: i128 = 1_000_000;

/// Prices of the five buckets, in nano-dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Uncached input.
    pub input: i64,
    /// Output, thinking included.
    pub output: i64,
    /// Input read from a prompt cache.
    pub cache_read: i64,
    /// Input written to a cache for five minutes.
    pub cache_write_5m: i64,
    /// Input written to a cache for an hour.
    pub cache_write_1h: i64,
}

impl Rates {
    /// Fills in what a provider does not list, by the rule of `design/providers.md`: reading costs a tenth of the
    /// input price, writing 1.25 times for five minutes and twice for an hour.
    pub fn with_defaults(
        input: i64,
        output: i64,
        read: Option<i64>,
        write_5m: Option<i64>,
        write_1h: Option<i64>,
    ) -> Self {
        let scaled = |n: i64, d: i64| {
            i64::try_from(i128::from(input) * i128::from(n) / i128::from(d)).unwrap_or(i64::MAX)
        };
        Self {
            input,
            output,
            cache_read: read.unwrap_or_else(|| scaled(1, 10)),
            cache_write_5m: write_5m.unwrap_or_else(|| scaled(5, 4)),
            cache_write_1h: write_1h.unwrap_or_else(|| scaled(2, 1)),
        }
    }

    fn exact(&self, t: &TokenCounts) -> i128 {
        let part = |tokens: u64, rate: i64| i128::from(tokens) * i128::from(rate);
        part(t.input, self.input)
            + part(t.output, self.output)
            + part(t.cache_read, self.cache_read)
            + part(t.cache_write_5m, self.cache_write_5m)
            + part(t.cache_write_1h, self.cache_write_1h)
    }

    /// The dearest that one input token can be, given whether the request may write a one hour cache.
    fn dearest_input(&self, one_hour_cache: bool) -> i64 {
        let base = self.input.max(self.cache_read).max(self.cache_write_5m);
        if one_hour_cache { base.max(self.cache_write_1h) } else { base }
    }
}

/// The price of one model: its rates, and dearer rates for prompts above a size where the provider has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The ordinary rates.
    pub base: Rates,
    /// Other rates by prompt size, smallest threshold first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub long_context: Vec<LongContext>,
    /// Nano-dollars for each search that the provider makes on its own (Anthropic's `web_search` tool).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub web_search: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// Rates that apply to the whole request once its input, cached or not, is above a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongContext {
    /// Input tokens above which the rates apply.
    pub above_tokens: u64,
    /// The rates.
    pub rates: Rates,
}

impl Price {
    /// The rates for a prompt of this many input tokens, cached ones included.
    pub fn rates_for(&self, all_input: u64) -> &Rates {
        self.long_context.iter().rev().find(|l| all_input > l.above_tokens).map_or(&self.base, |l| &l.rates)
    }

    /// What the request's tokens cost, to the nano-dollar.
    pub fn cost(&self, tokens: &TokenCounts) -> Nanos {
        let exact = self.rates_for(tokens.all_input()).exact(tokens);
        clamp((exact + PER_MILLION / 2).div_euclid(PER_MILLION))
    }

    /// What so many searches of the provider's own cost on top.
    pub fn searches(&self, count: u64) -> Nanos {
        clamp(i128::from(count) * i128::from(self.web_search))
    }

    /// The most that a request can cost whose input is at most `input` tokens and whose output at most `output`.
    pub fn worst_case(&self, input: u64, output: u64, one_hour_cache: bool) -> Nanos {
        let reachable = self.long_context.iter().filter(|l| input > l.above_tokens).map(|l| &l.rates);
        let worst = std::iter::once(&self.base)
            .chain(reachable)
            .map(|r| {
                i128::from(input) * i128::from(r.dearest_input(one_hour_cache))
                    + i128::from(output) * i128::from(r.output)
            })
            .max()
            .unwrap_or(0);
        clamp((worst + PER_MILLION - 1).div_euclid(PER_MILLION))
    }
}

fn clamp(nanos: i128) -> Nanos {
    Nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
