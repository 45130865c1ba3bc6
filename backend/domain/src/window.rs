//! When a budget begins again: the ends of calendar windows in an organisation's time zone.
//!
//! A relay sends the script the current and the next end of each window and lets Redis' own clock decide which
//! applies, so that instances whose clocks differ cannot disagree about a budget.

use chrono::{
    DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of budget window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// Five hours from the first use.
    FiveHours,
    /// A day.
    Day,
    /// A week.
    Week,
    /// A calendar month.
    Month,
    /// Never begins again.
    Total,
}

impl WindowKind {
    /// All, shortest first.
    pub const ALL: [Self; 5] = [Self::FiveHours, Self::Day, Self::Week, Self::Month, Self::Total];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveHours => "five_hours",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an organisation counts its days and weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Time zone of the organisation.
    pub time_zone: Tz,
    /// First day of the week.
    pub week_start: Weekday,
    /// Minutes after midnight at which a day begins, 0–1439.
    pub day_start_minute: u16,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { time_zone: Tz::UTC, week_start: Weekday::Mon, day_start_minute: 0 }
    }
}

/// The window that holds `now`, and the end of the one after it, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowEnds {
    /// When the current window began.
    pub start: i64,
    /// When the current window ends.
    pub end: i64,
    /// When the next one ends.
    pub next_end: i64,
}

/// Length of the window that begins with the first use.
pub const FIVE_HOURS_MS: i64 = 5 * 3600 * 1000;

impl Calendar {
    /// The ends around `now` for a window of the calendar; `None` for the two kinds that have none
    /// ([`WindowKind::FiveHours`] begins with its first use, [`WindowKind::Total`] never ends).
    pub fn ends(&self, kind: WindowKind, now: DateTime<Utc>) -> Option<WindowEnds> {
        let step = |date: NaiveDate, count: u32| match kind {
            WindowKind::Day => date.checked_add_days(Days::new(u64::from(count))),
            WindowKind::Week => date.checked_add_days(Days::new(7 * u64::from(count))),
            WindowKind::Month => date.checked_add_months(Months::new(count)),
            WindowKind::FiveHours | WindowKind::Total => None,
        };
        // The local wall clock, moved so that a day begins at midnight.
        let local = now.with_timezone(&self.time_zone).naive_local()
            - Duration::minutes(self.day_start_minute.into());
        let today = local.date();
        let first = match kind {
            WindowKind::Day => today,
            WindowKind::Week => today.week(self.week_start).checked_first_day()?,
            WindowKind::Month => today.with_day(1)?,
            WindowKind::FiveHours | WindowKind::Total => return None,
        };
        // A day that the clocks skip altogether (Samoa, 2011) begins and ends at one instant, and does not count.
        let next = |after: DateTime<Utc>| {
            (1..=5)
                .map_while(|count| step(first, count))
                .map(|date| self.day_start(date))
                .find(|at| *at > after)
        };
        // Where clocks are set back over the beginning of a day, the wall clock can already show the old day
        // again although the new one has begun: the instant decides, not the wall clock.
        let mut start = self.day_start(first);
        let mut end = next(start)?;
        if end <= now {
            start = end;
            end = next(start)?;
        }
        let ends = [start, end, next(end)?].map(|at| at.timestamp_millis());
        Some(WindowEnds { start: ends[0], end: ends[1], next_end: ends[2] })
    }

    /// The instant at which the day named `date` begins. A start that the clocks skip is the first instant after
    /// the gap; one that occurs twice is its first occurrence.
    pub fn day_start(&self, date: NaiveDate) -> DateTime<Utc> {
        let wall: NaiveDateTime =
            date.and_time(NaiveTime::MIN) + Duration::minutes(self.day_start_minute.into());
        let mut probe = wall;
        loop {
            if let Some(at) = self.time_zone.from_local_datetime(&probe).earliest() {
                return at.with_timezone(&Utc);
            }
            // Gaps are multiples of a minute and at most a day (Samoa, 2011).
            probe += Duration::minutes(1);
        }
    }
}

#[cfg(test)]
mod transitions;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ends(zone: Tz, kind: WindowKind, now: &str) -> [String; 3] {
        let calendar = Calendar { time_zone: zone, ..Default::default() };
        let e = calendar.ends(kind, at(now)).unwrap();
        [e.start, e.end, e.next_end].map(|ms| DateTime::from_timestamp_millis(ms).unwrap().to_rfc3339())
    }

    #[test]
    fn a_day_follows_the_zone_through_daylight_saving() {
        // Berlin sets its clocks forward on 2026-03-29: that day has 23 hours.
        assert_eq!(
            ends(chrono_tz::Europe::Berlin, WindowKind::Day, "2026-03-29T10:00:00Z"),
            ["2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00", "2026-03-30T22:00:00+00:00"]
        );
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_after_it() {
        // Santiago skips 00:00–01:00 on 2026-09-06.
        let [start, ..] = ends(chrono_tz::America::Santiago, WindowKind::Day, "2026-09-06T12:00:00Z");
        assert_eq!(start, "2026-09-06T04:00:00+00:00");
    }

    #[test]
    fn weeks_and_months_end_where_the_calendar_says() {
        assert_eq!(
            ends(Tz::UTC, WindowKind::Week, "2026-11-20T12:00:00Z")[..2],
            ["2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00"]
        );
        assert_eq!(
            ends(chrono_tz::Asia::Kolkata, WindowKind::Month, "2026-12-31T19:00:00Z")[..2],
            ["2026-12-31T18:30:00+00:00", "2027-01-31T18:30:00+00:00"]
        );
    }

    #[test]
    fn a_late_day_start_moves_the_whole_week() {
        let calendar = Calendar { day_start_minute: 240, ..Default::default() };
        let e = calendar.ends(WindowKind::Week, at("2026-11-16T03:59:59Z")).unwrap();
        assert_eq!(e.end, at("2026-11-16T04:00:00Z").timestamp_millis());
    }

    proptest! {
        #[test]
        fn now_is_always_inside_its_window(
            seconds in 0i64..4_000_000_000,
            minute in 0u16..1440,
            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            kind in prop::sample::select(&[WindowKind::Day, WindowKind::Week, WindowKind::Month][..]),
        ) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let calendar = Calendar { time_zone: zone, week_start: Weekday::Sun, day_start_minute: minute };
            let e = calendar.ends(kind, now).unwrap();
            prop_assert!(e.start <= seconds * 1000, "{e:?}");
            prop_assert!(seconds * 1000 < e.end, "{e:?}");
            prop_assert!(e.end < e.next_end);
        }
    }
}
