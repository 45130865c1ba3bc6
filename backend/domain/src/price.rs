//! What a request costs: prices in nano-dollars per million tokens, and the arithmetic on them.
//!
//! Rule: every bucket's tokens × price are added up exactly in 128 bits and divided once at the end, rounded half
//! up to a nano-dollar. Worst cases are rounded up. So a sum never depends on the order of its parts, and a
//! reservation can never be smaller than the bill it stands for.
//!
//! Where a price comes from: the organisation's own ([`Overrides`]), else the table's ([`PriceTable`]), each the one
//! in force when the request began. In both a name may be a pattern, and the most exact name wins
//! ([`crate::model::Exactness`]). A row of usage keeps the price it was billed with ([`Snapshot`]), so neither a new
//! table nor a new override changes what is past.

pub mod book;
mod file;
pub mod overrides;
mod snapshot;
pub mod table;
pub mod tier;

use crate::{money::Nanos, tokens::TokenCounts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use book::PriceBook;
pub use overrides::Overrides;
pub use snapshot::Snapshot;
pub use table::{PriceTable, TableError};
pub use tier::ServiceTier;

const PER_MILLION: i128 = 1_000_000;

/// Prices of the buckets, in nano-dollars per million tokens.
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
    /// The part of the output that was reasoning, where a provider asks another price for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<i64>,
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
        Self {
            input,
            output,
            cache_read: read.unwrap_or_else(|| scaled(input, 1, 10)),
            cache_write_5m: write_5m.unwrap_or_else(|| scaled(input, 5, 4)),
            cache_write_1h: write_1h.unwrap_or_else(|| scaled(input, 2, 1)),
            reasoning: None,
        }
    }

    fn exact(&self, t: &TokenCounts) -> i128 {
        let part = |tokens: u64, rate: i64| i128::from(tokens) * i128::from(rate);
        let reasoning = t.reasoning.min(t.output);
        part(t.input, self.input)
            + part(t.output - reasoning, self.output)
            + part(reasoning, self.reasoning.unwrap_or(self.output))
            + part(t.cache_read, self.cache_read)
            + part(t.cache_write_5m, self.cache_write_5m)
            + part(t.cache_write_1h, self.cache_write_1h)
    }

    /// The dearest that one input token can be, given whether the request may write a one hour cache.
    fn dearest_input(&self, one_hour_cache: bool) -> i64 {
        let base = self.input.max(self.cache_read).max(self.cache_write_5m);
        if one_hour_cache { base.max(self.cache_write_1h) } else { base }
    }

    /// The dearest that one output token can be.
    fn dearest_output(&self) -> i64 {
        self.output.max(self.reasoning.unwrap_or(0))
    }

    /// These rates, changed as `to` differs from `from`, bucket by bucket.
    fn in_proportion(&self, from: &Self, to: &Self) -> Self {
        let scale =
            |rate: i64, from: i64, to: i64| if from > 0 { scaled(rate, to, from) } else { rate.max(to) };
        Self {
            input: scale(self.input, from.input, to.input),
            output: scale(self.output, from.output, to.output),
            cache_read: scale(self.cache_read, from.cache_read, to.cache_read),
            cache_write_5m: scale(self.cache_write_5m, from.cache_write_5m, to.cache_write_5m),
            cache_write_1h: scale(self.cache_write_1h, from.cache_write_1h, to.cache_write_1h),
            reasoning: self.reasoning.map(|rate| {
                scale(rate, from.reasoning.unwrap_or(from.output), to.reasoning.unwrap_or(to.output))
            }),
        }
    }
}

/// `rate × n ÷ d`, staying at the end of the range.
fn scaled(rate: i64, n: i64, d: i64) -> i64 {
    i64::try_from(i128::from(rate) * i128::from(n) / i128::from(d)).unwrap_or(i64::MAX)
}

/// The rates of one service tier: ordinary ones, and others for prompts above a size where the provider has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The ordinary rates.
    pub base: Rates,
    /// Other rates by prompt size, smallest threshold first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub long_context: Vec<LongContext>,
}

impl Schedule {
    /// The rates for a prompt of this many input tokens, cached ones included.
    pub fn rates_for(&self, all_input: u64) -> &Rates {
        self.long_context.iter().rev().find(|l| all_input > l.above_tokens).map_or(&self.base, |l| &l.rates)
    }

    fn worst(&self, input: u64, output: u64, one_hour_cache: bool) -> i128 {
        let reachable = self.long_context.iter().filter(|l| input > l.above_tokens).map(|l| &l.rates);
        std::iter::once(&self.base)
            .chain(reachable)
            .map(|r| {
                i128::from(input) * i128::from(r.dearest_input(one_hour_cache))
                    + i128::from(output) * i128::from(r.dearest_output())
            })
            .max()
            .unwrap_or(0)
    }

    /// The rates of a tier for which a provider lists only `base`: long prompts are dearer in the same proportion as
    /// at standard.
    pub fn of_tier(&self, base: Rates) -> Self {
        let long_context = self.long_context.iter().map(|l| LongContext {
            above_tokens: l.above_tokens,
            rates: l.rates.in_proportion(&self.base, &base),
        });
        Self { base, long_context: long_context.collect() }
    }
}

/// Rates that apply to the whole request once its input, cached or not, is above a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongContext {
    /// Input tokens above which the rates apply.
    pub above_tokens: u64,
    /// The rates.
    pub rates: Rates,
}

/// The price of one model, in every tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Standard rates.
    #[serde(flatten)]
    pub standard: Schedule,
    /// Rates of the tiers that have their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<ServiceTier, Schedule>,
    /// Nano-dollars for each search that the provider makes on its own (Anthropic's `web_search` tool).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub web_search: i64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls; no lint where pointers are small"
)]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Price {
    /// A price without long prompts, tiers and fees.
    pub fn flat(base: Rates) -> Self {
        Self { standard: Schedule { base, long_context: Vec::new() }, tiers: BTreeMap::new(), web_search: 0 }
    }

    /// The rates of a tier: its own, or the standard ones.
    pub fn schedule(&self, tier: ServiceTier) -> &Schedule {
        self.tiers.get(&tier).unwrap_or(&self.standard)
    }

    /// What the request's tokens cost at the tier that served it, to the nano-dollar.
    pub fn cost(&self, tokens: &TokenCounts, tier: ServiceTier) -> Nanos {
        let exact = self.schedule(tier).rates_for(tokens.all_input()).exact(tokens);
        clamp((exact + PER_MILLION / 2).div_euclid(PER_MILLION))
    }

    /// What so many searches of the provider's own cost on top.
    pub fn searches(&self, count: u64) -> Nanos {
        clamp(i128::from(count) * i128::from(self.web_search))
    }

    /// The most that a request can cost whose input is at most `input` tokens and whose output at most `output`,
    /// whichever tier serves it.
    pub fn worst_case(&self, input: u64, output: u64, one_hour_cache: bool) -> Nanos {
        let every = self.tiers.values().chain([&self.standard]);
        round_up(every.map(|s| s.worst(input, output, one_hour_cache)).max().unwrap_or(0))
    }

    /// The same where only the standard tier can serve it.
    pub fn worst_case_at_standard(&self, input: u64, output: u64, one_hour_cache: bool) -> Nanos {
        round_up(self.standard.worst(input, output, one_hour_cache))
    }
}

fn round_up(exact: i128) -> Nanos {
    clamp((exact + PER_MILLION - 1).div_euclid(PER_MILLION))
}

fn clamp(nanos: i128) -> Nanos {
    Nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
