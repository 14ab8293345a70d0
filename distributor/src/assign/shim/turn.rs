//! At each shared access of a thread under a scheduler, another thread may have its turn.

use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static SHARED: Cell<bool> = const { Cell::new(false) };
    static TURNS: Cell<bool> = const { Cell::new(false) };
}

/// From here on the calling thread stands for all threads of a schedule, or for itself alone.
pub(in crate::assign) fn share(shared: bool) {
    SHARED.set(shared);
    TURNS.set(false);
}

/// Whether shared accesses give others their turn.
pub(in crate::assign) fn take_turns(turns: bool) {
    TURNS.set(turns);
}

pub(super) fn is_shared() -> bool {
    SHARED.get()
}

/// The scheduler decides who goes on.
#[inline(always)]
pub(super) fn visit() {
    if TURNS.get() {
        give_way();
    }
}

fn give_way() {
    shuttle::thread::sleep(Duration::ZERO);
}
