//! When a key stops working: at a moment, some days after its first use, or whichever of both comes first.

use chrono::{DateTime, Duration, Utc};

/// The most days after the first use: ten years.
pub const MAX_DAYS: u32 = 3650;

/// When a key stops working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// At this moment.
    pub at: Option<DateTime<Utc>>,
    /// This many days after the first use.
    pub days_after_first_use: Option<u32>,
    /// When that was. Only noted of keys that end by it.
    pub first_used_at: Option<DateTime<Utc>>,
}

impl Expiry {
    /// The end as far as it is known: a key that was never used has none by its first use.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        let by_use = self.first_used_at.zip(self.days_after_first_use);
        let by_use = by_use.and_then(|(at, days)| at.checked_add_signed(Duration::days(days.into())));
        match (self.at, by_use) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether the next use is the first, from which the days are counted.
    pub fn awaits_first_use(&self) -> bool {
        self.days_after_first_use.is_some() && self.first_used_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_end_counts_and_days_begin_with_the_first_use() {
        let moment = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let mut expiry =
            Expiry { at: moment("2027-01-31T00:00:00Z"), days_after_first_use: Some(7), first_used_at: None };
        assert_eq!((expiry.end(), expiry.awaits_first_use()), (expiry.at, true));
        expiry.first_used_at = moment("2027-01-02T03:04:05Z");
        assert_eq!((expiry.end(), expiry.awaits_first_use()), (moment("2027-01-09T03:04:05Z"), false));
        expiry.first_used_at = moment("2027-01-30T00:00:00Z");
        assert_eq!(expiry.end(), expiry.at);
        assert_eq!(Expiry::default().end(), None);
    }
}
