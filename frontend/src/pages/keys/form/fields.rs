//! How dates, model patterns and multipliers are read from text.

use causeway_domain::{
    Multiplier,
    address::{BadNetwork, Network},
    multiplier::BadMultiplier,
};
use chrono::{DateTime, Days, Local, NaiveDate, NaiveTime, TimeZone, Utc};

/// A multiplier; none for an empty field.
pub(crate) fn multiplier(text: &str) -> Result<Option<Multiplier>, BadMultiplier> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

/// One pattern to a line; commas separate too.
pub(crate) fn patterns(text: &str) -> Vec<String> {
    text.split(['\n', ',']).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// One network to a line; commas separate too.
pub(crate) fn networks(text: &str) -> Result<Vec<Network>, BadNetwork> {
    patterns(text).iter().map(|text| text.parse()).collect()
}

/// Tags between commas.
pub(crate) fn tags(text: &str) -> Vec<String> {
    text.split([',', '，', '\n']).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// A whole number; none for an empty field.
pub(crate) fn number(text: &str) -> Result<Option<u32>, std::num::ParseIntError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

/// The last day on which a key works, for a date field.
pub(super) fn date_of(end: DateTime<Utc>) -> String {
    date_in(&Local, end)
}

fn date_in<Z: TimeZone>(zone: &Z, end: DateTime<Utc>) -> String {
    // The end is the first moment after the day.
    (end - chrono::Duration::seconds(1)).with_timezone(zone).date_naive().to_string()
}

/// The end of a date's day, where the person is; none for an empty field.
pub(crate) fn end_of(date: &str) -> Option<DateTime<Utc>> {
    end_in(&Local, date)
}

fn end_in<Z: TimeZone>(zone: &Z, date: &str) -> Option<DateTime<Utc>> {
    let next = date.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    // Where midnight is skipped by a change of the clock, the day ends an hour later.
    let later = next.checked_add_signed(chrono::Duration::hours(1));
    zone.from_local_datetime(&next)
        .earliest()
        .or_else(|| later.and_then(|later| zone.from_local_datetime(&later).earliest()))
        .map(|end| end.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_on_lines_or_between_commas() {
        assert_eq!(patterns(" claude-* \n\n gpt-5, o3 "), ["claude-*", "gpt-5", "o3"]);
        assert!(patterns(" \n").is_empty());
    }

    #[test]
    fn networks_tags_and_numbers_are_read_as_they_are_typed() {
        assert_eq!(networks("10.0.0.1\n192.0.2.0/24, ::1").unwrap().len(), 3);
        assert!(networks("10.0.0.1 10.0.0.2").is_err());
        assert_eq!(tags("a, b b，c,,"), ["a", "b b", "c"]);
        assert_eq!((number(" "), number(" 7 ")), (Ok(None), Ok(Some(7))));
        assert!(number("7.5").is_err());
    }

    #[test]
    fn an_empty_multiplier_is_none_and_a_bad_one_is_refused() {
        assert_eq!(multiplier(" "), Ok(None));
        assert_eq!(multiplier(" 1.25 "), Ok(Some("1.25".parse().unwrap())));
        assert_eq!([multiplier("101"), multiplier("x")], [Err(BadMultiplier); 2]);
    }

    #[test]
    fn a_key_works_to_the_end_of_its_last_day_and_shows_that_day_again() {
        let end = end_in(&Utc, "2026-12-31").unwrap();
        assert_eq!(end.to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!(date_in(&Utc, end), "2026-12-31");
        assert_eq!(end_in(&Utc, ""), None);
    }
}
