//! The watermark: the log stops taking records before the disk is full, not when it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::limit;
use model::time::{Clock, Timestamp};

/// How much room a file system has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that may still be written.
    pub free_bytes: u64,
    /// All of its bytes.
    pub total_bytes: u64,
}

/// Asks how much room there is.
pub type FreeSpace = Box<dyn FnMut() -> io::Result<Space> + Send>;

/// Whether the disk has room for more than its reserve.
pub(super) struct Watermark {
    ask: FreeSpace,
    clock: Arc<dyn Clock>,
    asked_at: Option<Timestamp>,
    left_bytes: u64,
}

/// The room is asked for again after this time, or when what was left is used up.
const ASK_AGAIN: Duration = Duration::from_millis(100);

impl Space {
    /// What stays free.
    pub fn reserve_bytes(self) -> u64 {
        (self.total_bytes / limit::DISK_RESERVE_PART).min(limit::DISK_RESERVE_BYTES)
    }
}

impl Watermark {
    pub(super) fn new(ask: FreeSpace, clock: Arc<dyn Clock>) -> Self {
        Self { ask, clock, asked_at: None, left_bytes: 0 }
    }

    /// Whether `bytes` may be written; counts them as written if so. `coming` were admitted before
    /// and may not be on the disk yet.
    pub(super) fn admits(&mut self, bytes: u64, coming: u64) -> io::Result<bool> {
        let now = self.clock.now();
        let fresh = self.asked_at.is_some_and(|at| now.since(at) < ASK_AGAIN);
        if !fresh || bytes > self.left_bytes {
            let space = (self.ask)()?;
            let kept = space.reserve_bytes().saturating_add(coming);
            self.left_bytes = space.free_bytes.saturating_sub(kept);
            self.asked_at = Some(now);
        }
        if bytes > self.left_bytes {
            return Ok(false);
        }
        self.left_bytes -= bytes;
        Ok(true)
    }
}
