//! Money as an integer: nano-dollars (10⁻⁹ USD) in an `i64`, which reaches ±9.2 billion dollars.
//!
//! In JSON money is a decimal string of dollars, because a JSON number would pass through a double in most
//! clients. No floating point takes part anywhere.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub},
    str::FromStr,
};

/// An amount of money in nano-dollars.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub i64);

/// Nano-dollars in a dollar.
pub const PER_DOLLAR: i64 = 1_000_000_000;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not digits with at most one point.
    #[error("not a decimal number of dollars such as \"12.50\"")]
    Malformed,
    /// More than nine digits after the point.
    #[error("finer than a nano-dollar (at most 9 digits after the point)")]
    TooFine,
    /// Does not fit.
    #[error("out of range (at most 9223372036 dollars)")]
    OutOfRange,
}

impl Nanos {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Adds, staying at the end of the range instead of wrapping.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Nanos {
    type Err = ParseMoneyError;

    /// Reads dollars: `"3"`, `"0.000000001"`, `"-1.5"`. No exponent, no sign `+`, no separators.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
            return Err(ParseMoneyError::Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 9 {
            return Err(ParseMoneyError::TooFine);
        }
        let dollars: i64 = whole.parse().map_err(|_| ParseMoneyError::OutOfRange)?;
        let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| ParseMoneyError::Malformed)?;
        dollars
            .checked_mul(PER_DOLLAR)
            .and_then(|n| n.checked_add(nanos))
            .map(|n| Self(if negative { -n } else { n }))
            .ok_or(ParseMoneyError::OutOfRange)
    }
}

impl fmt::Display for Nanos {
    /// Dollars with as many digits as needed and at least two: `0.00`, `1.50`, `0.000000012`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.format(&mut Buffer::default()))
    }
}

/// Characters of the longest amount: a sign, ten digits of dollars, a point and nine digits.
const LONGEST: usize = 21;

/// Room for the text of an amount.
#[derive(Debug, Default)]
pub struct Buffer([u8; LONGEST]);

impl Nanos {
    /// Its text, as [`Display`](fmt::Display) writes it, without asking for memory: amounts are written many times a
    /// request.
    pub fn format(self, Buffer(buffer): &mut Buffer) -> &str {
        // From behind.
        let abs = self.0.unsigned_abs();
        let (mut whole, mut fraction) = (abs / PER_DOLLAR.unsigned_abs(), abs % PER_DOLLAR.unsigned_abs());
        let digit = |n: u64| b'0' + (n % 10) as u8;
        for byte in buffer[LONGEST - 9..].iter_mut().rev() {
            *byte = digit(fraction);
            fraction /= 10;
        }
        let mut end = LONGEST;
        while end > LONGEST - 7 && buffer[end - 1] == b'0' {
            end -= 1;
        }
        let mut start = LONGEST - 10;
        buffer[start] = b'.';
        loop {
            start -= 1;
            buffer[start] = digit(whole);
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        if self.0 < 0 {
            start -= 1;
            buffer[start] = b'-';
        }
        std::str::from_utf8(&buffer[start..end]).unwrap_or_default()
    }
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${self}")
    }
}

impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.format(&mut Buffer::default()))
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Nanos;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("dollars as a decimal string such as \"12.50\", or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Nanos, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, dollars: u64) -> Result<Nanos, E> {
                dollars.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, dollars: i64) -> Result<Nanos, E> {
                dollars.to_string().parse().map_err(E::custom)
            }
        }
        d.deserialize_any(Visitor)
    }
}

impl Add for Nanos {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Nanos {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Nanos {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Nanos {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dollars_are_written_with_at_least_cents() {
        let shown = [0, 1, 1_500_000_000, -20_000_000, 12_345_678_901].map(|n| Nanos(n).to_string());
        assert_eq!(shown, ["0.00", "0.000000001", "1.50", "-0.02", "12.345678901"]);
    }

    #[test]
    fn bad_amounts_say_what_is_wrong() {
        let parse = |s: &str| s.parse::<Nanos>().unwrap_err();
        for text in ["", "-", ".5", "1.", "1e3", "+1", "1,5", " 1", "NaN"] {
            assert_eq!(parse(text), ParseMoneyError::Malformed, "{text:?}");
        }
        assert_eq!(parse("0.0000000001"), ParseMoneyError::TooFine);
        assert_eq!(parse("9223372037"), ParseMoneyError::OutOfRange);
    }

    #[test]
    fn a_json_float_is_refused_rather_than_rounded() {
        assert!(serde_json::from_str::<Nanos>("0.1").is_err());
        assert_eq!(serde_json::from_str::<Nanos>("3").unwrap(), Nanos(3 * PER_DOLLAR));
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same_amount(n in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(Nanos(n).to_string().parse::<Nanos>().unwrap(), Nanos(n));
        }
    }
}
