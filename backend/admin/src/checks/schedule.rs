//! When something is due: five fields of cron on the clock of a time zone.
//!
//! Where clocks go forward, a time that is left out is due at the first minute after the gap. Where they go back, a time of
//! day that comes twice is due the first time only; what is due every so many minutes or hours goes on through both. A change
//! of clocks thus neither leaves out a daily check nor doubles it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

/// The longest expression, in characters.
const LONGEST: usize = 100;

/// An expression that has been understood.
#[derive(Clone, Debug)]
pub(crate) struct Schedule(Cron);

impl Schedule {
    /// Reads an expression; in words what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let accepted = "must have five fields of cron (minute, hour, day of the month, month, day of the week), such as 0 6 * * 1-5";
        if text.chars().count() > LONGEST {
            return Err(format!("must have at most {LONGEST} characters"));
        }
        // Words such as @daily have a meaning of their own elsewhere, and no fields.
        if text.split_whitespace().count() != 5 {
            return Err(accepted.to_owned());
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| format!("{accepted}: {error}"))?;
        let schedule = Self(cron);
        match schedule.next(Utc::now(), Tz::UTC) {
            Some(_) => Ok(schedule),
            None => Err("must name a time that comes: there is no such day".to_owned()),
        }
    }

    /// Whether it is due in the minute that begins then.
    pub(crate) fn is_due(&self, minute: DateTime<Utc>, zone: Tz) -> bool {
        // From before it: a minute right behind a gap is due for what the gap has swallowed.
        self.next(minute - TimeDelta::seconds(1), zone) == Some(minute)
    }

    /// When it is due next after a moment.
    pub(crate) fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let found = self.0.find_next_occurrence(&after.with_timezone(&zone), false).ok()?;
        Some(found.with_timezone(&Utc))
    }
}

/// The minute in which a moment lies.
pub(crate) fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The minutes of a span at which it is due, in order.
    fn due(schedule: &str, zone: Tz, from: &str, hours: i64) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let from = at(from);
        let minutes = (0..hours * 60).map(|n| from + TimeDelta::minutes(n));
        let due = minutes.filter(|minute| schedule.is_due(*minute, zone));
        due.map(|minute| minute.format("%dT%H:%M").to_string()).collect()
    }

    #[test]
    fn it_is_due_by_the_clock_of_its_time_zone() {
        let berlin = Tz::Europe__Berlin;
        assert_eq!(due("30 6 * * 1-5", berlin, "2026-11-27T00:00:00Z", 96), ["27T05:30", "30T05:30"]);
        assert_eq!(due("30 6 * * *", Tz::Asia__Kolkata, "2026-11-27T00:00:00Z", 24), ["27T01:00"]);
        assert_eq!(
            due("*/20 * * * *", berlin, "2026-11-27T00:00:00Z", 1),
            ["27T00:00", "27T00:20", "27T00:40"]
        );
        let next = Schedule::parse("0 6 1 * *").unwrap().next(at("2026-11-30T12:00:00Z"), berlin);
        assert_eq!(next, Some(at("2026-12-01T05:00:00Z")));
    }

    #[test]
    fn where_clocks_go_forward_nothing_is_left_out() {
        let berlin = Tz::Europe__Berlin;
        // 29 March 2026: 02:00 becomes 03:00, which is 01:00 in UTC.
        assert_eq!(due("30 2 * * *", berlin, "2026-03-28T12:00:00Z", 24), ["29T01:00"]);
        assert_eq!(
            due("30 * * * *", berlin, "2026-03-29T00:00:00Z", 3),
            ["29T00:30", "29T01:30", "29T02:30"]
        );
    }

    #[test]
    fn where_clocks_go_back_nothing_is_doubled() {
        let berlin = Tz::Europe__Berlin;
        // 25 October 2026: 03:00 becomes 02:00, so 02:30 is 00:30 and 01:30 in UTC.
        assert_eq!(due("30 2 * * *", berlin, "2026-10-24T12:00:00Z", 24), ["25T00:30"]);
        assert_eq!(
            due("30 * * * *", berlin, "2026-10-25T00:00:00Z", 3),
            ["25T00:30", "25T01:30", "25T02:30"]
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_words() {
        for (bad, word) in [
            ("", "five fields"),
            ("0 6 * *", "five fields"),
            ("0 0 6 * * *", "five fields"),
            ("@daily", "five fields"),
            ("61 6 * * *", "five fields"),
            ("a b c d e", "five fields"),
            ("0 0 30 2 *", "no such day"),
            (&"0,".repeat(60), "at most 100"),
        ] {
            let told = Schedule::parse(bad).unwrap_err();
            assert!(told.contains(word), "{bad}: {told}");
        }
    }

    #[test]
    fn a_moment_lies_in_its_minute() {
        assert_eq!(minute(at("2026-11-30T01:02:59.999Z")), at("2026-11-30T01:02:00Z"));
    }
}
