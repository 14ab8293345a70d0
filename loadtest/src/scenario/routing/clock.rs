//! Nanoseconds for the driver: what a latency is measured by, and what tells before from after.

/// Nanoseconds since some moment of its own; the same for all threads, and never back.
pub trait NanoClock: Send + Sync {
    /// The time now.
    fn nanos(&self) -> u64;
}

/// The monotonic clock, from its start.
#[derive(Debug)]
pub struct Monotonic {
    start: std::time::Instant,
}

impl Monotonic {
    /// A clock that shows 0 now.
    pub fn start() -> Self {
        Self { start: now() }
    }
}

impl NanoClock for Monotonic {
    fn nanos(&self) -> u64 {
        u64::try_from(now().duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[expect(clippy::disallowed_methods, reason = "a latency of nanoseconds needs the clock itself")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
