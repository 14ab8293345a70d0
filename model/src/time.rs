//! Time as an argument: timestamps, the [`Clock`] every worker is given, and the steady clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Microseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch; saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(micros(by)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(micros(by)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

/// What time it is, for those who may ask. Never goes back.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Wall time at start carried on by the monotonic clock, slewed towards wall time by at most one
/// second a minute, never back: a clock step cannot fire every timer at once.
#[derive(Debug)]
pub struct SteadyClock {
    state: Mutex<Slew>,
}

#[derive(Debug)]
struct Slew {
    monotonic: std::time::Instant,
    steady: Timestamp,
}

impl SteadyClock {
    /// A clock that starts at wall time.
    pub fn start() -> Self {
        Self { state: Mutex::new(Slew { monotonic: monotonic(), steady: wall() }) }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        self.state.lock().advance(monotonic(), wall())
    }
}

impl Slew {
    /// At most this part of the elapsed time is added or taken to approach wall time.
    const PART: i64 = 60;

    fn advance(&mut self, monotonic: std::time::Instant, wall: Timestamp) -> Timestamp {
        let elapsed = micros(monotonic.saturating_duration_since(self.monotonic));
        if elapsed < Self::PART {
            return self.steady;
        }
        let straight = self.steady.0.saturating_add(elapsed);
        let most = elapsed / Self::PART;
        let drift = wall.0.saturating_sub(straight).clamp(-most, most);
        self.monotonic = monotonic;
        self.steady = Timestamp(straight.saturating_add(drift));
        self.steady
    }
}

/// A clock that stands still until it is told otherwise: tests and simulation.
#[derive(Debug, Default)]
pub struct ManualClock {
    now: std::sync::atomic::AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self { now: std::sync::atomic::AtomicI64::new(now.0) }
    }

    /// Moves on by `by`.
    pub fn advance(&self, by: Duration) {
        self.now.fetch_add(micros(by), std::sync::atomic::Ordering::Relaxed);
    }

    /// Shows `now` from now on, be it earlier: the clock of a node that starts anew.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.0, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(std::sync::atomic::Ordering::Relaxed))
    }
}

fn micros(by: Duration) -> i64 {
    i64::try_from(by.as_micros()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads wall time")]
fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slew_after(seconds: u64, wall: i64) -> i64 {
        let start = monotonic();
        let mut slew = Slew { monotonic: start, steady: Timestamp::from_seconds(1_000) };
        slew.advance(start + Duration::from_secs(seconds), Timestamp::from_seconds(wall)).0
    }

    #[test]
    fn f15_a_step_of_the_wall_clock_is_approached_by_a_second_a_minute() {
        assert_eq!(slew_after(60, 1_000 + 60), 1_060_000_000);
        assert_eq!(slew_after(60, 1_000 + 60 + 3_600), 1_061_000_000);
        assert_eq!(slew_after(60, 1_000 + 60 - 3_600), 1_059_000_000);
    }

    #[test]
    fn f15_no_step_of_the_wall_clock_is_a_jump() {
        // An hour on and back, a leap second, a step of NTP, the year 1970: an hour after each.
        let hour = 3_600;
        let steps = [hour, -hour, 1, -1, -7, 10 * hour, -1_000_000];
        let start = monotonic();
        let mut slew = Slew { monotonic: start, steady: Timestamp::from_seconds(1_000_000) };
        let (mut last, mut off) = (slew.steady, 0);
        for (passed, step) in (0..).step_by(3_600).zip(steps) {
            off += step;
            for second in passed + 1..=passed + 3_600 {
                let wall = Timestamp::from_seconds(1_000_000 + second + off);
                let now = slew.advance(start + Duration::from_secs(second as u64), wall);
                let went = now.since(last).as_micros();
                assert!((983_333..=1_016_667).contains(&went), "a second of {went} microseconds");
                last = now;
            }
        }
    }

    #[test]
    fn the_steady_clock_never_goes_back() {
        let clock = SteadyClock::start();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn since_is_zero_for_the_future() {
        let (a, b) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        assert_eq!((a.since(b), b.since(a)), (Duration::ZERO, Duration::from_secs(1)));
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert_eq!((last + Duration::MAX, first - Duration::MAX), (last, first));
        assert_eq!(Timestamp::from_seconds(i64::MAX), last);
        assert_eq!(last.since(first), Duration::from_micros(i64::MAX as u64));
        let noon = Timestamp::from_seconds(43_200);
        assert_eq!((noon + Duration::from_micros(7) - Duration::from_micros(7)), noon);
    }

    #[test]
    fn a_timestamp_is_shown_in_seconds() {
        let shown = |micros| Timestamp::from_micros(micros).to_string();
        assert_eq!([shown(1_500_000), shown(7), shown(0)], ["1.500000", "0.000007", "0.000000"]);
        assert_eq!([shown(-500_000), shown(-1_000_001)], ["-0.500000", "-1.000001"]);
        assert_eq!(Timestamp::from_micros(-1).as_millis(), -1);
    }

    #[test]
    fn a_manual_clock_moves_when_it_is_told_to() {
        let clock = ManualClock::at(Timestamp::from_seconds(5));
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(clock.now(), Timestamp::from_micros(6_500_000));
    }
}
