use hdrhistogram::Histogram;

use crate::scenario::routing::Violations;

/// What a lane measured, and what it caught.
#[derive(Clone, Debug)]
pub(in crate::scenario::routing) struct Tally {
    /// Of each arrival, end and hand-over taken, in ns.
    pub(in crate::scenario::routing) latency: Histogram<u64>,
    /// Time inside the structure.
    pub(in crate::scenario::routing) busy_ns: u64,
    /// Stretches that `busy_ns` is made of: each has one reading of the clock in it.
    pub(in crate::scenario::routing) stretches: u64,
    /// Arrivals and ends.
    pub(in crate::scenario::routing) operations: u64,
    /// Ends of seats.
    pub(in crate::scenario::routing) pairs: u64,
    pub(in crate::scenario::routing) violations: Violations,
}

impl Tally {
    /// Latencies are kept to three digits; longer ones count as a minute.
    const LONGEST_NS: u64 = 60_000_000_000;

    /// A histogram of latencies in ns, empty.
    pub(in crate::scenario::routing) fn histogram()
    -> Result<Histogram<u64>, hdrhistogram::CreationError> {
        Histogram::new_with_bounds(1, Self::LONGEST_NS, 3)
    }

    pub(super) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self {
            latency: Self::histogram()?,
            busy_ns: 0,
            stretches: 0,
            operations: 0,
            pairs: 0,
            violations: Violations::default(),
        })
    }

    /// Forgets what was measured, but nothing that was caught.
    pub(in crate::scenario::routing) fn start_over(&mut self) {
        self.latency.reset();
        (self.busy_ns, self.stretches, self.operations, self.pairs) = (0, 0, 0, 0);
    }

    pub(super) fn measure(&mut self, began_ns: u64, ended_ns: u64) {
        self.latency.saturating_record(ended_ns.saturating_sub(began_ns));
        self.spend(began_ns, ended_ns);
    }

    pub(super) fn spend(&mut self, began_ns: u64, ended_ns: u64) {
        self.busy_ns += ended_ns.saturating_sub(began_ns);
        self.stretches += 1;
    }
}
