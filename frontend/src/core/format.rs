//! How numbers, money and times are written. Pure, and integers throughout: a float would show dollars that
//! nobody was billed.

use causeway_domain::money::{Nanos, PER_DOLLAR};
use chrono::{DateTime, FixedOffset, Local, TimeZone, Utc};

use super::i18n::Locale;

/// Digits of an amount below a cent that are worth showing.
const SIGNIFICANT: usize = 3;

/// Dollars for reading: cents, or for less than a dollar as many digits as say something.
pub(crate) fn dollars(amount: Nanos) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let abs = amount.0.unsigned_abs();
    let dollar = PER_DOLLAR.unsigned_abs();
    let cent = dollar / 100;
    if abs >= dollar || abs.is_multiple_of(cent) {
        let cents = abs.saturating_add(cent / 2) / cent;
        return format!("{sign}${}.{:02}", grouped(cents / 100), cents % 100);
    }
    let digits = format!("{abs:09}");
    let zeros = digits.bytes().take_while(|b| *b == b'0').count();
    let kept = (zeros + SIGNIFICANT).clamp(4, 9);
    // Rounded by adding half of the first digit that is dropped.
    let unit = 10_u64.pow(u32::try_from(9 - kept).unwrap_or_default());
    let rounded = (abs + unit / 2) / unit * unit;
    if rounded >= dollar {
        return format!("{sign}$1.00");
    }
    let digits = format!("{rounded:09}");
    format!("{sign}$0.{}", &digits[..kept])
}

/// Dollars to the last nano-dollar, for a tooltip beside the readable form.
pub(crate) fn dollars_exact(amount: Nanos) -> String {
    match amount.to_string().strip_prefix('-') {
        Some(abs) => format!("-${abs}"),
        None => format!("${amount}"),
    }
}

/// 1234567 → 1,234,567.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// At most four characters and a letter: 999, 1.2K, 12.3K, 123K, 1.2M.
pub(crate) fn compact(n: u64) -> String {
    const STEPS: [(u64, char); 4] =
        [(1_000_000_000_000, 'T'), (1_000_000_000, 'B'), (1_000_000, 'M'), (1_000, 'K')];
    for (i, (step, letter)) in STEPS.into_iter().enumerate() {
        if n < step {
            continue;
        }
        let rounded = |unit: u64| (u128::from(n) + u128::from(unit) / 2) / u128::from(unit);
        let (whole, tenths) = (rounded(step), rounded(step / 10));
        return match i {
            // 999,999 rounds up into the next letter.
            1.. if whole >= 1_000 => format!("1{}", STEPS[i - 1].1),
            _ if tenths >= 1_000 || tenths.is_multiple_of(10) => format!("{whole}{letter}"),
            _ => format!("{}.{}{letter}", tenths / 10, tenths % 10),
        };
    }
    n.to_string()
}

/// A length of time: 85 ms, 1.24 s, 1 m 05 s.
pub(crate) fn duration_ms(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{:02} s", ms / 1000, ms % 1000 / 10),
        _ => format!("{} m {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// Whole percent of a limit, 0–100 however far it is exceeded.
pub(crate) fn percent(used: i64, limit: i64) -> u8 {
    if limit <= 0 {
        return 0;
    }
    let percent = i128::from(used.max(0)) * 100 / i128::from(limit);
    u8::try_from(percent.min(100)).unwrap_or(100)
}

/// A moment in the browser's time zone, to the minute.
pub(crate) fn moment(at: DateTime<Utc>, locale: Locale) -> String {
    moment_in(&Local, at, locale)
}

fn moment_in<Z: TimeZone<Offset: std::fmt::Display>>(zone: &Z, at: DateTime<Utc>, locale: Locale) -> String {
    let pattern = match locale {
        Locale::en => "%b %-d, %H:%M",
        Locale::zh => "%-m月%-d日 %H:%M",
    };
    at.with_timezone(zone).format(pattern).to_string()
}

/// A moment in the browser's time zone with its year, for what is looked at years later.
pub(crate) fn dated(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Dollars with their sign, for what is added and taken.
pub(crate) fn dollars_signed(amount: Nanos) -> String {
    let shown = dollars(amount);
    if amount > Nanos::ZERO { format!("+{shown}") } else { shown }
}

/// `2026-11` as a person says it.
pub(crate) fn month_name(month: &str, locale: Locale) -> String {
    let pattern = match locale {
        Locale::en => "%B %Y",
        Locale::zh => "%Y年%-m月",
    };
    let first = format!("{month}-01").parse::<chrono::NaiveDate>();
    first.map_or_else(|_| month.to_owned(), |first| first.format(pattern).to_string())
}

/// A day, as on an axis.
pub(crate) fn day(at: DateTime<Utc>, locale: Locale) -> String {
    let pattern = match locale {
        Locale::en => "%b %-d",
        Locale::zh => "%-m/%-d",
    };
    at.format(pattern).to_string()
}

/// A month, as on an axis.
pub(crate) fn month(at: DateTime<Utc>, locale: Locale) -> String {
    let pattern = match locale {
        Locale::en => "%b %Y",
        Locale::zh => "%Y年%-m月",
    };
    at.format(pattern).to_string()
}

/// An hour, as on an axis: with its day where a day begins.
pub(crate) fn hour(at: DateTime<FixedOffset>) -> String {
    let pattern = if chrono::Timelike::hour(&at) == 0 { "%m-%d %H:%M" } else { "%H:%M" };
    at.format(pattern).to_string()
}

/// A moment to the second, with the year and the offset: for tooltips.
pub(crate) fn moment_exact(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_cents_or_as_many_digits_as_say_something() {
        let shown = |n: i64| dollars(Nanos(n));
        assert_eq!(shown(0), "$0.00");
        assert_eq!(shown(1_234_567_891_000), "$1,234.57");
        assert_eq!(shown(20_000_000), "$0.02");
        assert_eq!(shown(123_456_789), "$0.1235");
        assert_eq!(shown(12_345_678), "$0.0123");
        assert_eq!(shown(26_000_001), "$0.0260", "digits line up in a column");
        assert_eq!(shown(45_600), "$0.0000456");
        assert_eq!(shown(1), "$0.000000001");
        assert_eq!(shown(-1_500_000_000), "-$1.50");
    }

    #[test]
    fn what_is_added_has_a_sign_and_months_have_names() {
        assert_eq!(
            [1_500_000_000, 0, -20_000_000].map(|n| dollars_signed(Nanos(n))),
            ["+$1.50", "$0.00", "-$0.02"]
        );
        assert_eq!(month_name("2026-11", Locale::en), "November 2026");
        assert_eq!(month_name("2026-11", Locale::zh), "2026年11月");
    }

    #[test]
    fn rounding_carries_into_the_dollar() {
        assert_eq!(dollars(Nanos(999_999_999)), "$1.00");
        assert_eq!(dollars(Nanos(1_999_999_999)), "$2.00");
        assert_eq!(dollars(Nanos(99_999_999)), "$0.1000");
    }

    #[test]
    fn the_exact_form_loses_nothing() {
        assert_eq!(dollars_exact(Nanos(-12)), "-$0.000000012");
        assert_eq!(dollars_exact(Nanos(i64::MAX)), "$9223372036.854775807");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn compact_counts_keep_three_digits_at_most() {
        let shown = [0, 999, 1_000, 1_250, 12_345, 123_456, 999_999, 1_200_000, u64::MAX].map(compact);
        assert_eq!(shown, ["0", "999", "1K", "1.3K", "12.3K", "123K", "1M", "1.2M", "18446744T"]);
    }

    #[test]
    fn durations_change_their_unit() {
        assert_eq!([85, 1_240, 65_000].map(duration_ms), ["85 ms", "1.24 s", "1 m 05 s"]);
    }

    #[test]
    fn a_usage_bar_is_full_at_its_limit_and_no_fuller() {
        assert_eq!((percent(50, 200), percent(300, 200), percent(1, 0)), (25, 100, 0));
        assert_eq!(percent(i64::MAX, i64::MAX), 100);
    }

    #[test]
    fn moments_follow_the_language() {
        let at = Utc.with_ymd_and_hms(2026, 11, 5, 9, 7, 0).unwrap();
        assert_eq!(moment_in(&Utc, at, Locale::en), "Nov 5, 09:07");
        assert_eq!(moment_in(&Utc, at, Locale::zh), "11月5日 09:07");
    }
}
