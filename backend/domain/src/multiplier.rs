//! What is charged for a dollar of cost: multipliers of the key, the organisation and the provider.
//!
//! A multiplier has four decimals and lies between 0 and 100, so the product of three is exact in an `i64` (12
//! decimals, at most 10⁶) and a product with any amount is exact in 128 bits. Bills are rounded half up to the
//! nano-dollar, reservations up: a reservation is never smaller than the bill it stands for.

use crate::money::Nanos;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// One multiplier, in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiplier(u32);

const UNIT: u32 = 10_000;
const MAX: u32 = 100 * UNIT;

/// Why a text or number is no multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number from \"0\" to \"100\" with at most 4 digits after the point")]
pub struct BadMultiplier;

impl Multiplier {
    /// A dollar for a dollar.
    pub const ONE: Self = Self(UNIT);

    /// From ten-thousandths, as stored.
    pub fn from_ten_thousandths(n: i32) -> Result<Self, BadMultiplier> {
        u32::try_from(n).ok().filter(|n| *n <= MAX).map(Self).ok_or(BadMultiplier)
    }

    /// In ten-thousandths, as stored.
    pub fn ten_thousandths(self) -> i32 {
        self.0.cast_signed()
    }
}

impl Default for Multiplier {
    fn default() -> Self {
        Self::ONE
    }
}

impl FromStr for Multiplier {
    type Err = BadMultiplier;

    fn from_str(text: &str) -> Result<Self, BadMultiplier> {
        let nanos: Nanos = text.parse().map_err(|_| BadMultiplier)?;
        if nanos.0 % 100_000 != 0 {
            return Err(BadMultiplier);
        }
        i32::try_from(nanos.0 / 100_000).map_err(|_| BadMultiplier).and_then(Self::from_ten_thousandths)
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:04}", self.0 % UNIT);
        match digits.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / UNIT),
            fraction => write!(f, "{}.{fraction}", self.0 / UNIT),
        }
    }
}

impl Serialize for Multiplier {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Multiplier {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// The product of multipliers, in 10⁻¹².
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Factor(i64);

const FACTOR_UNIT: i128 = 1_000_000_000_000;
const FACTOR_DIGITS: usize = 12;
/// Three times the largest multiplier.
const MAX_FACTOR: i64 = 1_000_000_000_000_000_000;

/// Why a text or number is no product of multipliers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number from \"0\" to \"1000000\" with at most 12 digits after the point")]
pub struct BadFactor;

impl Factor {
    /// A dollar for a dollar.
    pub const ONE: Self = Self(1_000_000_000_000);

    /// Of a key, its organisation and the provider.
    pub fn of(key: Multiplier, organisation: Multiplier, provider: Multiplier) -> Self {
        Self(i64::from(key.0) * i64::from(organisation.0) * i64::from(provider.0))
    }

    /// As stored.
    pub fn raw(self) -> i64 {
        self.0
    }

    /// From what is stored.
    pub fn from_raw(raw: i64) -> Result<Self, BadFactor> {
        if (0..=MAX_FACTOR).contains(&raw) { Ok(Self(raw)) } else { Err(BadFactor) }
    }

    /// What is charged for a cost.
    #[must_use]
    pub fn charge(self, cost: Nanos) -> Nanos {
        Self::clamp((i128::from(cost.0) * i128::from(self.0) + FACTOR_UNIT / 2).div_euclid(FACTOR_UNIT))
    }

    /// What is charged at most for a cost of at most this much.
    #[must_use]
    pub fn charge_at_most(self, cost: Nanos) -> Nanos {
        Self::clamp((i128::from(cost.0) * i128::from(self.0) + FACTOR_UNIT - 1).div_euclid(FACTOR_UNIT))
    }

    fn clamp(nanos: i128) -> Nanos {
        Nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

impl FromStr for Factor {
    type Err = BadFactor;

    fn from_str(text: &str) -> Result<Self, BadFactor> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 7 || fraction.len() > FACTOR_DIGITS {
            return Err(BadFactor);
        }
        format!("{whole}{fraction:0<12}").parse().map_err(|_| BadFactor).and_then(Self::from_raw)
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Self::ONE.0;
        let digits = format!("{:012}", self.0 % unit);
        match digits.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / unit),
            fraction => write!(f, "{}.{fraction}", self.0 / unit),
        }
    }
}

impl Default for Factor {
    fn default() -> Self {
        Self::ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn multipliers_are_read_and_written_as_decimals() {
        for text in ["0", "1", "1.25", "0.0001", "100"] {
            assert_eq!(text.parse::<Multiplier>().unwrap().to_string(), text);
        }
        for text in ["-1", "100.0001", "1.00001", "1e2", "", "x"] {
            assert_eq!(text.parse::<Multiplier>(), Err(BadMultiplier), "{text}");
        }
    }

    #[test]
    fn a_product_is_read_and_written_to_its_last_digit() {
        for text in ["0", "1", "1.5625", "0.000000000001", "1000000"] {
            assert_eq!(text.parse::<Factor>().unwrap().to_string(), text);
        }
        for text in ["", "-1", ".5", "1.", "1.0000000000001", "1000001", "1e3", "+1"] {
            assert_eq!(text.parse::<Factor>(), Err(BadFactor), "{text}");
        }
    }

    #[test]
    fn a_charge_is_rounded_half_up_once() {
        let factor = Factor::of("1.5".parse().unwrap(), Multiplier::ONE, Multiplier::ONE);
        assert_eq!(factor.charge(Nanos(1)), Nanos(2));
        assert_eq!(factor.charge(Nanos(3)), Nanos(5));
        assert_eq!(Factor::ONE.charge(Nanos(i64::MAX)), Nanos(i64::MAX));
    }

    proptest! {
        #[test]
        fn no_bill_is_above_what_was_reserved_for_it(
            worst in 0i64..1 << 53, share in 0u32..=100, a in 0i32..=1_000_000, b in 0i32..=1_000_000, c in 0i32..=1_000_000,
        ) {
            let m = |n| Multiplier::from_ten_thousandths(n).unwrap();
            let factor = Factor::of(m(a), m(b), m(c));
            let bill = Nanos(i64::try_from(i128::from(worst) * i128::from(share) / 100).unwrap());
            prop_assert!(factor.charge(bill) <= factor.charge_at_most(Nanos(worst)));
        }
    }
}
