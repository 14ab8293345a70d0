//! The ports: what the rest of Chasqui asks of a storage engine.

mod directory;
mod history;
mod log;
mod snapshot;

use std::future::Future;
use std::pin::Pin;

pub use directory::{Directory, Row, RowKey, Version};
pub use history::{
    ConversationRow, EntryKind, EntryRow, History, HistoryWrite, Position, ReceiptRow,
};
pub use log::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader,
    Topic,
};
pub use snapshot::{Snapshot, SnapshotKey};

/// A future a port returns: boxed, so that ports stay object-safe.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store could not do as asked. The kind is what a caller acts on; the source is to read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not now: the same call may succeed later.
    #[error("{store} is unavailable")]
    Unavailable {
        /// Which store.
        store: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read: a person must look.
    #[error("{store} holds damaged data: {what}")]
    Damaged {
        /// Which store.
        store: &'static str,
        /// Which row, and how.
        what: String,
    },
}
