//! Ends an execution of a model that would never end: somebody waits for another thread.

use std::cell::Cell;

/// Shared accesses of one execution: ten times what the longest model takes, and well below what
/// the checker itself puts up with.
const MOST: u32 = 4_000;

thread_local! {
    /// All threads of a model run on the thread that explores it.
    static LEFT: Cell<u32> = const { Cell::new(MOST) };
}

/// An execution begins.
#[cfg(test)]
pub(in crate::assign) fn begin() {
    LEFT.set(MOST);
}

pub(in crate::assign) fn visit() {
    match LEFT.get().checked_sub(1) {
        Some(left) => LEFT.set(left),
        None => {
            LEFT.set(u32::MAX);
            panic!("after {MOST} shared accesses an operation still has not ended");
        }
    }
}
