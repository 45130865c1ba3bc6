//! Hours, days and months of an organisation as instants, to sum usage over.
//!
//! A day of 23 or 25 hours has as many, and an hour that the clocks repeat is two: each is told from the other by its
//! offset. Usage is kept by quarters of an hour in UTC, which fit every zone of our time (:30 and :45 too), so sums over
//! these spans are exact. Nothing here knows how often a figure is asked for or how it is shown.

use crate::window::Calendar;
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Offset, SecondsFormat, Timelike, Utc};

/// How long a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An hour of the wall clock.
    Hour,
    /// A day of the organisation.
    Day,
    /// A calendar month of such days.
    Month,
}

/// A piece of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends; the start of the next one.
    pub end: DateTime<Utc>,
    /// What it is called: `2026-10-25T02:00:00+02:00`, `2026-10-25` or `2026-10`.
    pub label: String,
}

/// What kept usage is cut into.
const QUARTER: Duration = Duration::minutes(15);

impl Calendar {
    /// The spans from the day `from` to the day `to`, both included, oldest first and without gaps. Months at the ends
    /// are as long as the part of them that was asked for.
    pub fn spans(&self, step: Step, from: NaiveDate, to: NaiveDate) -> Vec<Span> {
        let days = from.iter_days().take_while(|day| *day <= to);
        match step {
            Step::Hour => self.hours(self.day_start(from), self.day_start(to + Days::new(1))),
            Step::Day => days
                .map(|day| Span {
                    start: self.day_start(day),
                    end: self.day_start(day + Days::new(1)),
                    label: day.to_string(),
                })
                .collect(),
            Step::Month => {
                let firsts = days.filter(|day| *day == from || day.day() == 1);
                firsts
                    .map(|day| {
                        let next = day.with_day(1).unwrap_or(day) + Months::new(1);
                        Span {
                            start: self.day_start(day),
                            end: self.day_start(next.min(to + Days::new(1))),
                            label: day.format("%Y-%m").to_string(),
                        }
                    })
                    .collect()
            }
        }
    }

    /// The hours of the wall clock between two instants. A new one begins with every quarter whose hour or whose offset
    /// differs from that of the quarter before.
    fn hours(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut last = None;
        let mut at = start;
        while at < end {
            let local = at.with_timezone(&self.time_zone);
            let hour = (local.date_naive(), local.hour(), local.offset().fix());
            if last != Some(hour) {
                last = Some(hour);
                let label = local.to_rfc3339_opts(SecondsFormat::Secs, false);
                spans.push(Span { start: at, end, label });
            }
            at += QUARTER;
        }
        for i in 1..spans.len() {
            spans[i - 1].end = spans[i].start;
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn hours(zone: Tz, date: &str) -> Vec<Span> {
        let calendar = Calendar { time_zone: zone, ..Default::default() };
        calendar.spans(Step::Hour, day(date), day(date))
    }

    #[test]
    fn a_day_has_as_many_hours_as_it_lasts() {
        assert_eq!(hours(Tz::Europe__Berlin, "2026-03-29").len(), 23);
        assert_eq!(hours(Tz::Europe__Berlin, "2026-10-25").len(), 25);
        assert_eq!(hours(Tz::Asia__Kathmandu, "2026-10-25").len(), 24);
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_by_its_offset() {
        let autumn = hours(Tz::Europe__Berlin, "2026-10-25");
        let twice: Vec<_> = autumn.iter().filter(|s| s.label.contains("T02:00")).collect();
        assert_eq!(twice[0].label, "2026-10-25T02:00:00+02:00");
        assert_eq!(twice[1].label, "2026-10-25T02:00:00+01:00");
        assert_eq!(twice[0].end, twice[1].start);
    }

    #[test]
    fn hours_begin_with_the_wall_clock_where_zones_are_half_or_three_quarters_of_an_hour_off() {
        let label = |zone, n: usize| hours(zone, "2026-11-20")[n].label.clone();
        assert_eq!(label(Tz::Asia__Kolkata, 1), "2026-11-20T01:00:00+05:30");
        assert_eq!(label(Tz::Asia__Kathmandu, 23), "2026-11-20T23:00:00+05:45");
        assert_eq!(
            hours(Tz::Asia__Kathmandu, "2026-11-20")[0].start,
            "2026-11-19T18:15:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        // Lord Howe moves its clocks by half an hour.
        assert_eq!(hours(Tz::Australia__Lord_Howe, "2026-04-05").len(), 25);
    }

    #[test]
    fn months_at_the_ends_are_cut_to_what_was_asked_for() {
        let months = Calendar::default().spans(Step::Month, day("2026-10-15"), day("2026-12-02"));
        let labels: Vec<_> = months.iter().map(|m| m.label.as_str()).collect();
        assert_eq!(labels, ["2026-10", "2026-11", "2026-12"]);
        assert_eq!(months[0].start.date_naive(), day("2026-10-15"));
        assert_eq!(months[2].end.date_naive(), day("2026-12-03"));
    }

    proptest! {
        #[test]
        fn spans_follow_each_other_and_fill_the_range(
            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            offset in 0i64..20_000, length in 0u64..40, quarter in 0u16..96,
            step in prop::sample::select(&[Step::Hour, Step::Day, Step::Month][..]),
        ) {
            let calendar = Calendar { time_zone: zone, day_start_minute: quarter * 15, ..Default::default() };
            let from = day("2000-01-01") + Duration::days(offset);
            let to = from + Days::new(length);
            let spans = calendar.spans(step, from, to);
            prop_assert_eq!(spans[0].start, calendar.day_start(from));
            prop_assert_eq!(spans.last().unwrap().end, calendar.day_start(to + Days::new(1)));
            for pair in spans.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start);
            }
        }
    }
}
