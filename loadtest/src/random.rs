//! Seeded chance: a run with the same seed makes the same choices.

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, good enough to misbehave with.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator; `stream` keeps generators of one seed apart.
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self { state: seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95) }
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0.0..1.0`.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Uniform in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform between two durations, in whole microseconds.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let width = most.saturating_sub(least).as_micros() as u64;
        least + Duration::from_micros(self.below(width.saturating_add(1)))
    }

    /// The gap to the next arrival of a Poisson process with this mean gap.
    pub fn poisson_gap(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.share()).ln())
    }
}

/// Something that happens to a given share of all cases: at chance places, yet never by chance
/// more or less often than it should. After `n` cases it has happened `n × share` times, give or
/// take one.
#[derive(Clone, Debug)]
pub struct Evenly {
    share: f64,
    passed: f64,
    times: u64,
    next: f64,
}

impl Evenly {
    /// For this share of all cases, `0.0..=1.0`.
    pub const fn new(share: f64) -> Self {
        Self { share, passed: 0.0, times: 0, next: -1.0 }
    }

    /// Whether it happens to the next case.
    pub fn happens(&mut self, random: &mut Random) -> bool {
        if self.next < 0.0 {
            self.next = random.share();
        }
        self.passed += self.share;
        if self.passed <= self.next {
            return false;
        }
        self.times += 1;
        self.next = self.times as f64 + random.share();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let mut a = Random::new(7, 1);
        let mut b = Random::new(7, 1);
        let mut other = Random::new(7, 2);
        assert_eq!(a.bits(), b.bits());
        assert_ne!(a.bits(), other.bits());
    }

    #[test]
    fn choices_stay_within_their_bounds() {
        let mut random = Random::new(1, 1);
        let (least, most) = (Duration::from_millis(3), Duration::from_millis(9));
        for _ in 0..10_000 {
            assert!(random.below(3) < 3);
            assert!((0.0..1.0).contains(&random.share()));
            assert!((least..=most).contains(&random.between(least, most)));
        }
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn a_share_is_kept_evenly_at_chance_places() {
        for share in [0.0, 0.02, 0.3, 1.0] {
            let places = |seed| {
                let (mut evenly, mut random) = (Evenly::new(share), Random::new(seed, 1));
                (0..5_000).filter(|_| evenly.happens(&mut random)).collect::<Vec<_>>()
            };
            let times = places(1).len() as f64;
            assert!((times - share * 5_000.0).abs() <= 1.0, "{share}: {times}");
            assert_eq!(places(1) == places(2), share == 0.0 || share == 1.0, "{share}");
        }
    }

    #[test]
    fn poisson_gaps_have_their_mean() {
        let mut random = Random::new(3, 1);
        let mean = Duration::from_millis(2);
        let sum: Duration = (0..100_000).map(|_| random.poisson_gap(mean)).sum();
        let got = sum.as_secs_f64() / 100_000.0;
        assert!((got - 0.002).abs() < 0.000_05, "{got}");
    }
}
