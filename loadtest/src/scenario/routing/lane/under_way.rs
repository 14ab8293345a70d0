use std::sync::atomic::{AtomicU64, Ordering};

use model::id::LaneId;

/// Which lanes are inside the structure, and since when.
///
/// Plain writes suffice. Who saw what an operation did to the structure sees that it has begun, for
/// the structure's own step released it; who sees that it has ended sees all it did.
#[derive(Debug)]
pub(in crate::scenario::routing) struct UnderWay(Box<[Since]>);

/// Since when the operation of a lane runs, in ns; [`Since::NEVER`] between two. Each in cache lines
/// of its own, as its lane writes it all the time.
#[derive(Debug)]
#[repr(align(128))]
struct Since(AtomicU64);

impl Since {
    const NEVER: u64 = u64::MAX;
}

impl UnderWay {
    pub(in crate::scenario::routing) fn new(lanes: u8) -> Self {
        Self((0..lanes).map(|_| Since(AtomicU64::new(Since::NEVER))).collect())
    }

    /// An operation of a lane begins.
    pub(super) fn begin(&self, lane: LaneId, now_ns: u64) {
        self.set(lane, now_ns);
    }

    /// The operation of a lane has ended.
    pub(super) fn end(&self, lane: LaneId) {
        self.set(lane, Since::NEVER);
    }

    /// An operation of a lane, which begins at `began_ns`.
    pub(super) fn during<T>(
        &self,
        lane: LaneId,
        began_ns: u64,
        operation: impl FnOnce() -> T,
    ) -> T {
        self.begin(lane, began_ns);
        let result = operation();
        self.end(lane);
        result
    }

    /// Since when each operation runs that another lane is at, in ns.
    pub(super) fn of_others(&self, lane: LaneId) -> impl Iterator<Item = u64> {
        let others = (0_u8..).zip(&self.0).filter(move |(number, _)| *number != lane.get());
        let since = others.map(|(_, since)| since.0.load(Ordering::Acquire));
        since.filter(|since| *since != Since::NEVER)
    }

    fn set(&self, lane: LaneId, since_ns: u64) {
        let since = self.0.get(usize::from(lane.get()));
        since.into_iter().for_each(|since| since.0.store(since_ns, Ordering::Release));
    }
}
