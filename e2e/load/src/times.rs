//! Latencies of one phase, and medians over rounds.

use serde::Serialize;

/// Latencies in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<u32>);

/// What is printed of them, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

impl Times {
    /// Room for so many.
    pub(crate) fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    /// Notes one; more than four seconds are four seconds.
    pub(crate) fn push(&mut self, time: std::time::Duration) {
        self.0.push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Takes those of another connection in.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Sorted and read off: the smallest time that at least the share did not exceed.
    pub(crate) fn quantiles(mut self) -> Quantiles {
        self.0.sort_unstable();
        let at = |share: f64| {
            let rank = (share * self.0.len() as f64).ceil() as usize;
            self.0.get(rank.saturating_sub(1)).map_or(f64::NAN, |ns| f64::from(*ns) / 1000.0)
        };
        Quantiles { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
    }
}

/// The middle one; the mean of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn quantiles_are_times_that_occurred() {
        let mut times = Times::default();
        for us in (1..=1000).rev() {
            times.push(Duration::from_micros(us));
        }
        let read = times.quantiles();
        assert_eq!((read.p50, read.p99, read.p999), (500.0, 990.0, 999.0));
    }

    #[test]
    fn the_median_ignores_one_bad_round() {
        assert!((median([10.0, 900.0, 11.0]) - 11.0).abs() < f64::EPSILON);
        assert!((median([10.0, 12.0]) - 11.0).abs() < f64::EPSILON);
    }
}
