//! The simulator's dice: a seeded hash per request. Every figure comes from here and none from the text, so nobody can
//! pass by counting words; the same seed and request number always give the same answer, on every version of every
//! random-number crate.

/// A short sequence of draws belonging to one request (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64, seq: u64) -> Self {
        let mut draw = Self(seed ^ seq.wrapping_mul(0xA24B_AED4_963E_E407));
        // Neighbouring request numbers differ in few bits; one round spreads them before the first figure is taken.
        draw.next();
        draw
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A figure in `0..n`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }

    /// True in about `percent` of a hundred requests.
    pub(crate) fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_number_draw_the_same_figures() {
        let (mut a, mut b) = (Draw::new(7, 42), Draw::new(7, 42));
        assert!((0..16).all(|_| a.next() == b.next()));
        assert_ne!(Draw::new(7, 42).next(), Draw::new(7, 43).next());
        assert_ne!(Draw::new(7, 42).next(), Draw::new(8, 42).next());
    }

    #[test]
    fn a_chance_of_thirty_percent_is_about_thirty_percent() {
        let hits = (0..10_000).filter(|seq| Draw::new(1, *seq).chance(30)).count();
        assert!((2_700..3_300).contains(&hits), "{hits}");
    }
}
