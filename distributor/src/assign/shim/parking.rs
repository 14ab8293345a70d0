//! Stops a thread for ever at its n-th shared access.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

/// Where one thread stops, until the test is over.
#[derive(Debug, Default)]
pub(in crate::assign) struct Lot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stands: bool,
    passed: bool,
    open: bool,
}

/// Opens a lot in the end.
pub(in crate::assign) struct Opens<'a>(&'a Lot);

impl Drop for Opens<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

thread_local! {
    /// Shared accesses up to the one to stop at; 0 stops nowhere.
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static LOT: RefCell<Option<Arc<Lot>>> = const { RefCell::new(None) };
}

impl Lot {
    /// The calling thread stops here at its `access`-th access from now, from 1.
    pub(in crate::assign) fn stop_at(self: &Arc<Self>, access: u64) {
        LOT.replace(Some(self.clone()));
        LEFT.set(access);
    }

    /// The calling thread did what it had to do, and stops no more.
    pub(in crate::assign) fn pass(&self) {
        LEFT.set(0);
        self.state.lock().passed = true;
        self.changed.notify_all();
    }

    /// Waits until a thread stands here, or has passed; whether it stands.
    pub(in crate::assign) fn is_taken(&self) -> bool {
        let mut state = self.state.lock();
        while !state.stands && !state.passed {
            self.changed.wait(&mut state);
        }
        state.stands
    }

    /// Lets the thread go on when this is dropped, however the test ends.
    pub(in crate::assign) fn opens(&self) -> Opens<'_> {
        Opens(self)
    }

    /// Lets the thread go on.
    pub(in crate::assign) fn open(&self) {
        self.state.lock().open = true;
        self.changed.notify_all();
    }

    fn stand(&self) {
        let mut state = self.state.lock();
        state.stands = true;
        self.changed.notify_all();
        while !state.open {
            self.changed.wait(&mut state);
        }
    }
}

#[inline(always)]
pub(in crate::assign) fn visit() {
    let left = LEFT.get();
    if left != 0 {
        count_down(left);
    }
}

fn count_down(left: u64) {
    LEFT.set(left - 1);
    if left == 1
        && let Some(lot) = LOT.take()
    {
        lot.stand();
    }
}

/// The shared accesses of what the calling thread runs.
pub(in crate::assign) fn count(run: impl FnOnce()) -> u64 {
    LEFT.set(u64::MAX);
    run();
    u64::MAX - LEFT.replace(0)
}
