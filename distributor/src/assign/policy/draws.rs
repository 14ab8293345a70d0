/// Replayable draws: the n-th is a function of the seed and n alone (SplitMix64 by Steele, Lea
/// and Flood, OOPSLA 2014, read as a counter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The draws of `seed`, from the first on.
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A number below `bound`, each with the same probability; `None` below 0. Multiplies and
    /// refuses the short lot (Lemire 2019, "Fast Random Integer Generation in an Interval").
    pub fn below(&mut self, bound: usize) -> Option<usize> {
        let bound = u64::try_from(bound).ok().filter(|bound| *bound > 0)?;
        let short = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.next()) * u128::from(bound);
            if wide as u64 >= short {
                return usize::try_from(wide >> 64).ok();
            }
        }
    }

    const fn next(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut z = self.seed.wrapping_add(self.drawn.wrapping_mul(Self::GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of the published generator for seed 1234567.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut draws = Draws::new(1_234_567);
        let first = [draws.next(), draws.next(), draws.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, published);
    }

    #[test]
    fn the_short_lot_is_refused() {
        // 2^64 outputs for 3 · 2^62 numbers: without refusal every third number would have two
        // outputs and come half of the time.
        let mut draws = Draws::new(3);
        let drawn = (0..30_000).map(|_| draws.below(3 << 62).unwrap());
        let thirds = drawn.filter(|n| n.is_multiple_of(3)).count();
        assert!((9_500..10_500).contains(&thirds), "{thirds} of 30000 divisible by three");
        assert_eq!(draws.below(0), None);
        assert_eq!(draws.below(1), Some(0));
    }
}
