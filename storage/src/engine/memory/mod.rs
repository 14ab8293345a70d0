//! Everything in memory: for tests and for load on the routing core alone. Nothing survives the
//! process, and nothing but the process's memory bounds it.

mod directory;
mod history;
mod log;
mod snapshot;

pub use directory::MemoryDirectory;
pub use history::MemoryHistory;
pub use log::MemoryLog;
pub use snapshot::MemorySnapshot;

use crate::port::Answer;

/// An answer that is there already.
fn ready<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}
