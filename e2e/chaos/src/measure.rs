//! How much of a limit was used, by what the simulator knows: tokens it billed, priced by this suite; when requests
//! arrived; how many were open at one time.
//!
//! A minute is any sixty seconds. Causeway counts a request when it lets it in, the simulator when it arrives, a little
//! later; so two requests can arrive closer to one another than they were let in, by as much as the first of them was
//! under way. That much is taken off the sixty seconds, and the rest is printed.

use crate::{truth, world::World};
use causeway_simulator::Entry;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::HashSet;

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nano-dollars of a day.
    Dollars,
    /// Tokens in any minute.
    TokensPerMinute,
    /// Requests in any minute.
    RequestsPerMinute,
    /// Requests at one time.
    Concurrency,
}

impl Kind {
    /// Each of them.
    pub(crate) const ALL: [Self; 4] =
        [Self::Dollars, Self::TokensPerMinute, Self::RequestsPerMinute, Self::Concurrency];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dollars => "dollars a day",
            Self::TokensPerMinute => "tokens a minute",
            Self::RequestsPerMinute => "requests a minute",
            Self::Concurrency => "at once",
        }
    }

    /// An amount for people.
    pub(crate) fn amount(self, n: i128) -> String {
        if self == Self::Dollars { truth::usd(n) } else { n.to_string() }
    }

    /// A key's limits with this one alone.
    pub(crate) fn limits(self, limit: i128) -> Value {
        let count = u64::try_from(limit).unwrap_or(u64::MAX);
        match self {
            Self::Dollars => json!({ "usd": { "day": crate::price::dollars(limit) } }),
            Self::TokensPerMinute => json!({ "tokens_per_minute": count }),
            Self::RequestsPerMinute => json!({ "requests_per_minute": count }),
            Self::Concurrency => json!({ "concurrency": count }),
        }
    }

    /// What calls of these numbers used, and the length of the minute where there is one.
    pub(crate) fn used(
        self,
        world: &World<'_>,
        marks: &HashSet<usize>,
        under_way: TimeDelta,
    ) -> (i128, Option<TimeDelta>) {
        let ours = |e: &Entry| truth::mark(e).is_some_and(|mark| marks.contains(&mark));
        let ledger = world.simulator.ledger();
        let minute = TimeDelta::seconds(60) - under_way;
        let within = |amount: fn(&Entry) -> u64| {
            let entries = ledger.find(usize::MAX, ours);
            let amounts: Vec<_> = entries.iter().map(|e| (e.at, amount(e))).collect();
            (most_within(amounts, minute).into(), Some(minute))
        };
        match self {
            Self::Dollars => (truth::billed(&ledger.find(usize::MAX, ours)), None),
            Self::TokensPerMinute => within(|e| e.billed.all_input() + e.billed.output),
            Self::RequestsPerMinute => within(|_| 1),
            Self::Concurrency => (ledger.most_open(ours) as i128, None),
        }
    }
}

/// The largest sum of amounts whose times lie less than `window` apart.
fn most_within(mut amounts: Vec<(DateTime<Utc>, u64)>, window: TimeDelta) -> u64 {
    amounts.sort_unstable();
    let (mut first, mut sum, mut most) = (0, 0, 0);
    for (at, amount) in &amounts {
        sum += amount;
        while *at - amounts[first].0 >= window {
            sum -= amounts[first].1;
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_minute_counts_and_not_only_those_of_the_clock() {
        let at = |s: i64| DateTime::from_timestamp(s, 0).unwrap();
        let amounts = vec![(at(0), 5), (at(59), 7), (at(61), 7), (at(119), 1), (at(121), 9)];
        assert_eq!(most_within(amounts.clone(), TimeDelta::seconds(60)), 14);
        assert_eq!(most_within(amounts, TimeDelta::seconds(61)), 17);
        assert_eq!(most_within(Vec::new(), TimeDelta::seconds(60)), 0);
    }
}
