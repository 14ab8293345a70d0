//! The one clock of a node.

use std::panic::resume_unwind;
use std::sync::Arc;

use model::time::{Clock, Timestamp};
use parking_lot::Mutex;

use crate::faulty::Crash;

/// The node's clock: it goes as it is told, back too, and may crash whoever looks at it.
pub(crate) struct SimClock {
    now: Mutex<Timestamp>,
    trap: Mutex<Option<u32>>,
}

impl SimClock {
    pub(crate) const fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), trap: Mutex::new(None) }
    }

    pub(crate) fn set(&self, now: Timestamp) {
        *self.now.lock() = now;
    }

    pub(crate) fn arm(&self, looks: Option<u32>) {
        *self.trap.lock() = looks;
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let looks = self.trap.lock().take();
        match looks {
            Some(0) => resume_unwind(Box::new(Crash)),
            looks => self.arm(looks.map(|looks| looks - 1)),
        }
        *self.now.lock()
    }
}

/// The same clock for the log, which nobody's look crashes.
pub(crate) struct LogClock(pub(crate) Arc<SimClock>);

impl Clock for LogClock {
    fn now(&self) -> Timestamp {
        *self.0.now.lock()
    }
}
