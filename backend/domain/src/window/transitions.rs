//! Every change of clocks in every zone, from 2005 to 2036: windows lie side by side without a gap, and each begins at
//! the first instant whose wall clock has reached its beginning, found by looking and not by calculating.

use super::*;
use chrono::{NaiveDateTime, Offset};

const KINDS: [WindowKind; 3] = [WindowKind::Day, WindowKind::Week, WindowKind::Month];
const STARTS: [u16; 4] = [0, 30, 150, 1_410];
const HOUR: i64 = 3_600;

fn utc(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn offset(zone: Tz, seconds: i64) -> i64 {
    zone.offset_from_utc_datetime(&utc(seconds).naive_utc()).fix().local_minus_utc().into()
}

fn wall(zone: Tz, seconds: i64) -> NaiveDateTime {
    utc(seconds).with_timezone(&zone).naive_local()
}

/// The first seconds of new offsets.
fn transitions(zone: Tz) -> Vec<i64> {
    let (from, to) = (1_104_537_600, 2_082_758_400);
    let mut found = Vec::new();
    let mut known = offset(zone, from);
    for day in (from..to).step_by(86_400) {
        let now = offset(zone, day + 86_400);
        if now == known {
            continue;
        }
        let (mut before, mut after) = (day, day + 86_400);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if offset(zone, middle) == known { before = middle } else { after = middle }
        }
        found.push(after);
        known = now;
    }
    found
}

/// Whether a day, as this calendar counts, begins here and no earlier.
fn a_day_begins(calendar: &Calendar, seconds: i64) -> NaiveDate {
    let minutes = Duration::minutes(calendar.day_start_minute.into());
    let date = (wall(calendar.time_zone, seconds) - minutes).date();
    let beginning = date.and_time(NaiveTime::MIN) + minutes;
    // Not in the last second, and not in a day and a half before: where clocks are set back, the wall clock may have
    // been there before.
    let earlier = (1..72).map(|half_hours| seconds - half_hours * HOUR / 2).chain([seconds - 1]);
    for instant in earlier {
        assert!(
            wall(calendar.time_zone, instant) < beginning,
            "{calendar:?}: {date} began before {}",
            utc(seconds)
        );
    }
    date
}

fn check(calendar: &Calendar, kind: WindowKind, now: i64) {
    let ms = now * 1_000;
    let window = calendar.ends(kind, utc(now)).unwrap();
    assert!(
        window.start <= ms && ms < window.end && window.end < window.next_end,
        "{calendar:?} {now} {window:?}"
    );
    // The same window up to its last millisecond, and then the next one.
    let at = |ms| calendar.ends(kind, DateTime::from_timestamp_millis(ms).unwrap()).unwrap();
    assert_eq!(at(window.start), window, "{calendar:?} {now}");
    assert_eq!(at(window.end - 1), window, "{calendar:?} {now}");
    let next = at(window.end);
    assert_eq!((next.start, next.end), (window.end, window.next_end), "{calendar:?} {now}");
    let date = a_day_begins(calendar, window.end / 1_000);
    match kind {
        WindowKind::Week => assert_eq!(date.weekday(), calendar.week_start, "{calendar:?} {now}"),
        WindowKind::Month => assert_eq!(date.day(), 1, "{calendar:?} {now}"),
        _ => {}
    }
}

#[test]
fn windows_are_exact_at_every_change_of_clocks() {
    let mut changes = 0;
    for zone in chrono_tz::TZ_VARIANTS {
        for (index, transition) in transitions(zone).into_iter().enumerate() {
            changes += 1;
            // Not every beginning of a day at every change, but each of them hundreds of times.
            let calendar = Calendar {
                time_zone: zone,
                week_start: Weekday::try_from(u8::try_from(index % 7).unwrap()).unwrap(),
                day_start_minute: if index % 2 == 0 { 0 } else { STARTS[index / 2 % STARTS.len()] },
            };
            for kind in KINDS {
                check(&calendar, kind, transition - 1);
                check(&calendar, kind, transition);
            }
        }
    }
    assert!(changes > 10_000, "{changes}");
}

#[test]
fn windows_are_exact_in_the_days_around_changes_over_midnight() {
    // Clocks that are changed at, or across, the beginning of a day; and one that skipped a whole day.
    let zones = [
        chrono_tz::America::Santiago,
        chrono_tz::America::Asuncion,
        chrono_tz::America::Havana,
        chrono_tz::America::Sao_Paulo,
        chrono_tz::Africa::Cairo,
        chrono_tz::Asia::Beirut,
        chrono_tz::Asia::Tehran,
        chrono_tz::Asia::Amman,
        chrono_tz::Atlantic::Azores,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::America::Scoresbysund,
        chrono_tz::Pacific::Apia,
    ];
    for zone in zones {
        for transition in transitions(zone) {
            for day_start_minute in STARTS {
                let calendar = Calendar { time_zone: zone, week_start: Weekday::Sun, day_start_minute };
                for hours in [-30, -2, 0, 1, 25] {
                    check(&calendar, WindowKind::Day, transition + hours * HOUR);
                }
            }
        }
    }
}
