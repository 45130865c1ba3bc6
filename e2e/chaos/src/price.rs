//! What calls cost, worked out independently of the product: prices of this suite's own, set through the admin API, with
//! figures that do not divide evenly; exact in 128 bits, one division at the end, half a nano-dollar rounded up.

use causeway_simulator::Tokens;
use serde_json::{Value, json};

/// Nano-dollars per million tokens: input, output, cache read, cache written for five minutes and for an hour.
type Rates = [i128; 5];

/// A model of this suite.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    base: Rates,
    /// Other rates for the whole call where its input is above a size.
    long: Option<(u64, Rates)>,
}

/// All of them.
pub(crate) const MODELS: [Model; 3] = [
    Model {
        name: "chaos-large",
        base: [3_000_000_017, 15_000_000_031, 300_000_013, 3_750_000_011, 6_000_000_007],
        long: Some((300, [6_000_000_019, 22_500_000_029, 600_000_023, 7_500_000_037, 12_000_000_041])),
    },
    Model {
        name: "chaos-small",
        base: [800_000_003, 4_000_000_009, 80_000_007, 1_000_000_021, 1_600_000_033],
        long: None,
    },
    Model { name: "chaos-free-cache", base: [1_000_000_001, 7, 1, 1_250_000_003, 2_000_000_011], long: None },
];

/// The model of this name.
pub(crate) fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

impl Model {
    /// What these tokens cost, in nano-dollars.
    pub(crate) fn cost(&self, tokens: Tokens) -> i128 {
        let Tokens { input, output, cache_read, cache_write_5m, cache_write_1h } = tokens;
        let prompt = input + cache_read + cache_write_5m + cache_write_1h;
        let rates = match &self.long {
            Some((above, rates)) if prompt > *above => rates,
            _ => &self.base,
        };
        let counts = [input, output, cache_read, cache_write_5m, cache_write_1h];
        let exact: i128 = counts.iter().zip(rates).map(|(count, rate)| i128::from(*count) * rate).sum();
        (exact + 500_000) / 1_000_000
    }

    /// The most that a call can cost whose body has so many bytes and that allows so much output; whether it may write a
    /// cache for an hour.
    pub(crate) fn worst(&self, body: u64, max_tokens: u64, hour: bool) -> i128 {
        let rates = std::iter::once(&self.base).chain(self.long.as_ref().map(|(_, rates)| rates));
        rates
            .map(|r| {
                let input = r[0].max(r[2]).max(r[3]).max(if hour { r[4] } else { 0 });
                (i128::from(body + FRAME) * input + i128::from(max_tokens) * r[1]).div_ceil_million()
            })
            .max()
            .unwrap_or(0)
    }

    /// As the admin API takes it.
    pub(crate) fn figures(&self) -> Value {
        let rates = |r: &Rates| {
            json!({
                "input": dollars(r[0]), "output": dollars(r[1]), "cache_read": dollars(r[2]),
                "cache_write_5m": dollars(r[3]), "cache_write_1h": dollars(r[4]),
            })
        };
        let mut figures = rates(&self.base);
        if let Some((above, long)) = &self.long {
            let mut tier = rates(long);
            tier["above_tokens"] = json!(above);
            figures["long_context"] = json!([tier]);
        }
        figures
    }
}

/// Tokens that the server adds to the bytes of a body when it bounds the input.
pub(crate) const FRAME: u64 = 256;

trait DivCeilMillion {
    fn div_ceil_million(self) -> i128;
}

impl DivCeilMillion for i128 {
    fn div_ceil_million(self) -> i128 {
        (self + 999_999) / 1_000_000
    }
}

/// Nano-dollars as a decimal number of dollars.
pub(crate) fn dollars(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// A decimal number of dollars in nano-dollars.
pub(crate) fn nanos(dollars: &str) -> Option<i128> {
    let (sign, digits) = dollars.strip_prefix('-').map_or((1, dollars), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.parse::<i128>().ok()?, format!("{fraction:0<9}").parse::<i128>().ok()?);
    Some(sign * (whole * 1_000_000_000 + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_nano_dollar_is_rounded_up_and_less_is_not() {
        let model = model("chaos-free-cache").unwrap();
        let cost = |output| model.cost(Tokens { output, ..Tokens::default() });
        // 7 nano-dollars a million: 71,429 tokens are 0.500003, 71,428 are 0.499996.
        assert_eq!((cost(71_428), cost(71_429)), (0, 1));
    }

    #[test]
    fn a_long_prompt_is_dearer_as_a_whole() {
        let model = model("chaos-large").unwrap();
        let cost = |input| model.cost(Tokens { input, ..Tokens::default() });
        assert_eq!(cost(300), 900_000);
        assert_eq!(cost(301), 1_806_000);
        assert!(model.worst(301 - FRAME, 0, false) >= cost(301));
    }

    #[test]
    fn dollars_are_written_and_read_exactly() {
        for n in [0, 1, -1, 1_500_000_000, 12_345_678_901] {
            assert_eq!(nanos(&dollars(n)), Some(n));
        }
        assert_eq!(nanos("0.10"), Some(100_000_000));
    }
}
