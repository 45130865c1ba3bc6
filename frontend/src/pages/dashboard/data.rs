//! What the dashboard asks for. The server counts days in the organisation's time zone, so it also says which
//! day is today.

use causeway_domain::Nanos;
use causeway_openapi::{UsageFigures, UsageGroup, UsageQuery, UsageRow};
use chrono::{Days, NaiveDate};
use futures_util::future::try_join3;

use crate::core::{api::Api, error::ApiError, format};

/// The days that are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    Today,
    Week,
    Month,
}

impl Range {
    fn days(self) -> u64 {
        match self {
            Self::Today => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }
}

/// What the bars show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    Cost,
    Tokens,
    Requests,
}

impl Metric {
    pub(crate) const ALL: [Self; 3] = [Self::Cost, Self::Tokens, Self::Requests];

    pub(crate) fn of(self, figures: &UsageFigures) -> i64 {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match self {
            Self::Cost => figures.cost_usd.0,
            Self::Tokens => count(figures.tokens()),
            Self::Requests => count(figures.requests),
        }
    }

    /// How a figure is written.
    pub(crate) fn writer(self) -> fn(i64) -> String {
        match self {
            Self::Cost => |n| format::dollars(Nanos(n)),
            Self::Tokens | Self::Requests => |n| format::compact(n.unsigned_abs()),
        }
    }

    pub(crate) fn written(self, n: i64) -> String {
        self.writer()(n)
    }

    /// How far the axis reaches while there are only zeros: seven cents, thousands of tokens, or requests.
    pub(crate) fn smallest_axis(self) -> i64 {
        match self {
            Self::Cost => 70_000_000,
            Self::Tokens => 7_000,
            Self::Requests => 7,
        }
    }
}

/// Everything on the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Usage {
    pub(crate) totals: UsageFigures,
    pub(crate) days: Vec<(NaiveDate, UsageFigures)>,
    pub(crate) models: Vec<UsageRow>,
    pub(crate) keys: Vec<UsageRow>,
    pub(crate) accounts: Vec<UsageRow>,
    /// Whether there was anything in the last thirty days, whatever the range.
    used_lately: bool,
}

impl Usage {
    /// Nothing has happened yet: time for the first steps.
    pub(crate) fn is_new(&self) -> bool {
        !self.used_lately
    }
}

/// Asks for the last thirty days, which also tells today's date, then for the parts of the range.
pub(crate) async fn load(api: Api, range: Range) -> Result<Usage, ApiError> {
    let month = api.usage(UsageQuery::default()).await?;
    let today = month.to;
    let from = first_day(today, range.days());
    let part = |group| api.usage(UsageQuery { from: Some(from), to: Some(today), group: Some(group) });
    let (models, keys, accounts) =
        try_join3(part(UsageGroup::Model), part(UsageGroup::Key), part(UsageGroup::Account)).await?;
    let dated = month.groups.iter().filter_map(|row| Some((row.key.parse().ok()?, row.figures)));
    // One bar says nothing: today is shown among the days before it.
    let first_bar = first_day(today, range.days().max(7));
    Ok(Usage {
        totals: models.totals,
        days: dated.filter(|(day, _)| *day >= first_bar).collect(),
        models: models.groups,
        keys: keys.groups,
        accounts: accounts.groups,
        used_lately: month.totals.requests > 0,
    })
}

/// The first of so many days that end with `last`.
fn first_day(last: NaiveDate, days: u64) -> NaiveDate {
    last.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_its_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(first_day(day("2026-11-20"), Range::Today.days()), day("2026-11-20"));
        assert_eq!(first_day(day("2026-11-20"), Range::Week.days()), day("2026-11-14"));
        assert_eq!(first_day(day("2026-03-01"), Range::Month.days()), day("2026-01-31"));
    }
}
