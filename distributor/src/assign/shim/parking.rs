//! Stops a thread for ever at its n-th shared access.

use std::cell::Cell;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

/// Where threads stop, until the test is over.
#[derive(Debug, Default)]
pub(in crate::assign) struct Lot {
    parked: Mutex<(usize, bool)>,
    changed: Condvar,
}

thread_local! {
    static STOP: Cell<Option<(u64, Arc<Lot>)>> = const { Cell::new(None) };
}

impl Lot {
    /// The calling thread stops at its `access`-th access from now, from 1.
    pub(in crate::assign) fn stop_at(self: &Arc<Self>, access: u64) {
        STOP.set(Some((access, self.clone())));
    }

    /// The calling thread will not stop any more; whether it still would have.
    pub(in crate::assign) fn pass() -> bool {
        STOP.take().is_some()
    }

    /// Waits until a thread stands here, or has passed.
    pub(in crate::assign) fn wait_for_one(&self) {
        let mut parked = self.parked.lock();
        while parked.0 == 0 {
            self.changed.wait(&mut parked);
        }
    }

    /// A thread passed without stopping: the test goes on as if it stood here.
    pub(in crate::assign) fn report(&self) {
        self.parked.lock().0 += 1;
        self.changed.notify_all();
    }

    /// Lets everybody go.
    pub(in crate::assign) fn open(&self) {
        self.parked.lock().1 = true;
        self.changed.notify_all();
    }

    fn stand(&self) {
        self.report();
        let mut parked = self.parked.lock();
        while !parked.1 {
            self.changed.wait(&mut parked);
        }
    }
}

pub(in crate::assign) fn visit() {
    let Some((left, lot)) = STOP.take() else { return };
    match left {
        0 | 1 => lot.stand(),
        _ => STOP.set(Some((left - 1, lot))),
    }
}

/// The shared accesses of what the calling thread runs.
pub(in crate::assign) fn count(run: impl FnOnce()) -> u64 {
    STOP.set(Some((u64::MAX, Arc::default())));
    run();
    STOP.take().map_or(0, |(left, _)| u64::MAX - left)
}
