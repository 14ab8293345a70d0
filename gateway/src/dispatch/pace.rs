use std::num::NonZeroU32;
use std::time::Duration;

use model::id::MessageId;
use tokio::time::Instant;

use super::DispatchConfig;

/// A channel's rate: a bucket of a tenth of a second's messages, filled evenly.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Time to earn one message.
    each: Duration,
    /// The most messages saved up, as time.
    depth: Duration,
    /// When the bucket was, or will be, empty.
    empty_at: Instant,
}

/// What repeated refusals do to a whole channel: it rests, and then tries one message at a time
/// until one is taken.
#[derive(Debug, Default)]
pub(super) struct Brake {
    refused: u32,
    until: Option<Instant>,
}

impl Bucket {
    pub(super) fn new(rate: NonZeroU32, now: Instant) -> Self {
        let each = Duration::from_secs(1) / rate.get();
        let depth = each * (rate.get() / 10).max(1);
        Self { each, depth, empty_at: now.checked_sub(depth).unwrap_or(now) }
    }

    /// When one message may go.
    pub(super) fn due_at(&self) -> Instant {
        self.empty_at + self.each
    }

    /// Takes one message out, if one is in.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.due_at() > now {
            return false;
        }
        let fullest = now.checked_sub(self.depth).unwrap_or(self.empty_at);
        self.empty_at = self.empty_at.max(fullest) + self.each;
        true
    }
}

impl Brake {
    /// Refusals in a row before the whole channel rests: a few errors among many successes
    /// concern only their contacts.
    const REFUSALS: u32 = 8;

    /// The provider took or judged a message: it is well.
    pub(super) const fn release(&mut self) {
        self.refused = 0;
    }

    /// The provider refused a message for a while; `wait` is what it asked for. What was in flight
    /// when the rest began does not make it longer.
    pub(super) fn refuse(&mut self, wait: Duration, now: Instant) {
        if self.rests_until(now).is_none() {
            self.refused = self.refused.saturating_add(1);
        }
        if self.refused >= Self::REFUSALS {
            self.until = self.until.max(Some(now + wait));
        }
    }

    /// The provider refuses the whole channel.
    pub(super) fn stop(&mut self, wait: Duration, now: Instant) {
        self.refused = Self::REFUSALS;
        self.until = Some(now + wait);
    }

    /// Which rest in a row the next refusal is for, from 1.
    pub(super) const fn rest(&self) -> u32 {
        self.refused.saturating_sub(Self::REFUSALS - 1).saturating_add(1)
    }

    /// When the channel may go on, while it rests.
    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Whether only one message may be in flight, to see if it is taken.
    pub(super) const fn is_probing(&self) -> bool {
        self.refused >= Self::REFUSALS
    }
}

/// The wait before the try after try number `tries`: doubling, at most `retry_most`, and between
/// half and all of it, so that messages refused together do not come back together. Told by the
/// message's own id: the same run waits the same.
pub(super) fn back_off(config: &DispatchConfig, message: MessageId, tries: u32) -> Duration {
    let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let most = config.retry_wait.0.saturating_mul(doubled).min(config.retry_most.0);
    let half = most / 2;
    half + half.mul_f64(fraction(message, tries))
}

/// A number of `0.0..1.0` that looks random (the finalizer of SplitMix64).
fn fraction(message: MessageId, tries: u32) -> f64 {
    let seed = message.conversation.get() ^ u64::from(message.seq) << 32 ^ u64::from(tries);
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_lets_the_rate_through_and_a_tenth_of_a_second_at_once() {
        let start = Instant::now();
        let mut bucket = Bucket::new(NonZeroU32::new(80).unwrap(), start);
        let at_once = (0..100).filter(|_| bucket.take(start)).count();
        assert_eq!(at_once, 8);
        let mut taken = 0;
        for millis in 1..=1_000 {
            taken += usize::from(bucket.take(start + Duration::from_millis(millis)));
        }
        assert_eq!(taken, 80);
        let later = start + Duration::from_secs(3_600);
        assert_eq!((0..100).filter(|_| bucket.take(later)).count(), 8, "no more is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_brake_holds_after_refusals_in_a_row_only() {
        let (now, wait) = (Instant::now(), Duration::from_secs(1));
        let mut brake = Brake::default();
        for _ in 0..100 {
            (0..7).for_each(|_| brake.refuse(wait, now));
            brake.release();
        }
        assert!(brake.rests_until(now).is_none() && !brake.is_probing());
        (0..8).for_each(|_| brake.refuse(wait, now));
        assert_eq!(brake.rests_until(now), Some(now + wait));
        assert!(brake.rests_until(now + wait).is_none() && brake.is_probing());
        brake.release();
        assert!(!brake.is_probing());
    }

    #[test]
    fn waits_double_up_to_the_most_and_differ_by_message() {
        let config = DispatchConfig::default();
        let id = |text: &str| text.parse::<MessageId>().unwrap();
        for tries in 1..40 {
            let most = Duration::from_millis(250) * 2_u32.pow((tries - 1).min(20));
            let most = most.min(Duration::from_secs(30));
            let wait = back_off(&config, id("1.1"), tries);
            assert!(wait >= most / 2 && wait <= most, "try {tries}: {wait:?}");
        }
        assert_ne!(back_off(&config, id("1.1"), 3), back_off(&config, id("1.2"), 3));
    }
}
