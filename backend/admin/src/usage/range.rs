//! Which days a question is about.

use crate::error::ApiError;
use causeway_domain::window::Calendar;
use chrono::{DateTime, Days, NaiveDate, Utc};

/// The days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

/// The longest range of days, such as a year with the one before to compare.
pub(super) const DAYS: i64 = 400;

/// The longest range of hours: more make no chart.
pub(super) const HOURS: i64 = 31;

/// The longest range otherwise: ten years.
pub(super) const LONGEST: i64 = 3660;

impl Range {
    /// The days asked for, the last thirty when none are named; at most `longest` of them.
    pub(super) fn new(
        calendar: &Calendar,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        longest: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        Self::of(calendar, from, to, None, longest, now)
    }

    /// As [`Range::new`], with the number of days instead of the first.
    pub(super) fn of(
        calendar: &Calendar,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        days: Option<u16>,
        longest: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        if from.is_some() && days.is_some() {
            return Err(ApiError::field("days", "does not go with from"));
        }
        if days == Some(0) {
            return Err(ApiError::field("days", "must be at least 1"));
        }
        let before = Days::new(u64::from(days.unwrap_or(30)) - 1);
        let local = now.with_timezone(&calendar.time_zone).naive_local();
        let today = (local - chrono::Duration::minutes(calendar.day_start_minute.into())).date();
        let to = to.unwrap_or(today);
        let from = from.or_else(|| to.checked_sub_days(before)).unwrap_or(to);
        // Far from the ends of the calendar, where days have no neighbours.
        let known = |day: NaiveDate| (2000..3000).contains(&chrono::Datelike::year(&day));
        if !known(from) || !known(to) {
            return Err(ApiError::field("from", "must be a date of this millennium"));
        }
        match (to - from).num_days() {
            ..0 => Err(ApiError::field("to", "must not be before from")),
            days if days < longest => Ok(Self { from, to }),
            _ => Err(ApiError::field("from", format!("must leave at most {longest} days up to to"))),
        }
    }

    /// The instants at which it begins and ends.
    pub(super) fn ends(self, calendar: &Calendar) -> (DateTime<Utc>, DateTime<Utc>) {
        (calendar.day_start(self.from), calendar.day_start(self.to + Days::new(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_organisations_and_not_the_servers() {
        let calendar =
            Calendar { time_zone: chrono_tz::Asia::Tokyo, day_start_minute: 240, ..Default::default() };
        let at = |text: &str| Range::new(&calendar, None, None, DAYS, text.parse().unwrap()).unwrap();
        // 03:59 in Tokyo is still the day before, where days begin at four.
        assert_eq!(at("2026-11-19T18:59:00Z").to.to_string(), "2026-11-19");
        assert_eq!(at("2026-11-19T19:00:00Z").to.to_string(), "2026-11-20");
        assert_eq!(at("2026-11-19T19:00:00Z").from.to_string(), "2026-10-22");
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        let day = |text: &str| Some(text.parse().unwrap());
        let range =
            |from, to, longest| Range::new(&Calendar::default(), day(from), day(to), longest, Utc::now());
        for (from, to) in
            [("2026-11-02", "2026-11-01"), ("2024-01-01", "2026-01-01"), ("0001-01-01", "0001-01-02")]
        {
            assert!(range(from, to, DAYS).is_err(), "{from}");
        }
        assert!(range("2026-10-01", "2026-10-31", HOURS).is_ok());
        assert!(range("2026-10-01", "2026-11-01", HOURS).is_err());
    }
}
