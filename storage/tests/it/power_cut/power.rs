//! The power of several disks: when it goes, and what they do wrong on purpose.

use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::disk::PowerDisk;

/// The power of several disks, and what else goes wrong with them.
pub(crate) struct Power {
    state: Mutex<State>,
    gate: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Calls until the power goes.
    fuse: Option<u64>,
    is_off: bool,
    fail_next_sync: bool,
    fault: Option<Fault>,
    random: u64,
    bytes_read: u64,
    /// The call at which the power last went.
    cut_at: Option<String>,
}

/// What a bad disk, or a bad log above a good one, does: each is a sync that is not there when it
/// must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The sync of a file does nothing: as a log that does not sync.
    NoSync,
    /// The sync of a file is done at the disk's next call: as a log that answers before it syncs.
    LateSync,
    /// The sync of names does nothing: as a log that does not sync the directory of a new segment.
    NoNameSync,
    /// The first sync after a cut of the file does nothing: as a log that appends to a tail whose
    /// cut is not durable.
    NoSyncAfterTruncate,
    /// The sync of an origin does nothing: as a log that removes segments before it is durable that
    /// they were removed on purpose.
    NoOriginSync,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] = [
        Self::NoSync,
        Self::LateSync,
        Self::NoNameSync,
        Self::NoSyncAfterTruncate,
        Self::NoOriginSync,
    ];
}

impl Power {
    pub(crate) fn on(seed: u64) -> Arc<Self> {
        let state = State { random: seed, ..State::default() };
        Arc::new(Self { state: Mutex::new(state), gate: Mutex::new(()) })
    }

    /// An empty disk.
    pub(crate) fn disk(self: &Arc<Self>) -> Arc<PowerDisk> {
        PowerDisk::empty(self)
    }

    /// The power goes at the call after the next `calls`.
    pub(crate) fn cut_after(&self, calls: u64) {
        self.state.lock().fuse = Some(calls);
    }

    /// The power is back, and stays; the call at which it went, if it did.
    pub(crate) fn restore(&self) -> Option<String> {
        let mut state = self.state.lock();
        (state.fuse, state.is_off) = (None, false);
        state.cut_at.take()
    }

    /// Does `work` without wear on the fuse.
    pub(crate) fn spared<T>(&self, work: impl FnOnce() -> T) -> T {
        let fuse = self.state.lock().fuse.take();
        let done = work();
        self.state.lock().fuse = fuse;
        done
    }

    pub(crate) fn is_off(&self) -> bool {
        self.state.lock().is_off
    }

    /// Whether the next call is the one at which it goes, or it is off.
    pub(super) fn is_going(&self) -> bool {
        let state = self.state.lock();
        state.is_off || state.fuse == Some(0)
    }

    /// From now on, this.
    pub(crate) fn begin(&self, fault: Fault) {
        self.state.lock().fault = Some(fault);
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.state.lock().fault
    }

    pub(crate) fn fail_next_sync(&self) {
        self.state.lock().fail_next_sync = true;
    }

    /// No sync ends while the guard is held.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.state.lock().bytes_read
    }

    /// Reading neither wears the fuse nor minds the power: it changes nothing.
    pub(super) fn count_read(&self, bytes: usize) {
        self.state.lock().bytes_read += bytes as u64;
    }

    /// A number below `below` (SplitMix64: Steele, Lea, Flood 2014).
    pub(crate) fn random(&self, below: u64) -> u64 {
        let mut state = self.state.lock();
        state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// The call `what`: an error when the power is off; the call at which it goes has an effect
    /// that is not durable.
    pub(super) fn spend(&self, what: &str, effect: impl FnOnce()) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.is_off {
            return Err(io::Error::other("the power is off"));
        }
        effect();
        match &mut state.fuse {
            Some(0) => {
                state.is_off = true;
                state.cut_at = Some(what.to_owned());
                Err(io::Error::other("the power is going"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The sync `what`, unless it fails.
    pub(super) fn spend_sync(&self, what: &str) -> io::Result<()> {
        drop(self.gate.lock());
        self.spend(what, || ())?;
        if std::mem::take(&mut self.state.lock().fail_next_sync) {
            return Err(io::Error::other("the sync failed"));
        }
        Ok(())
    }
}
