//! Snapshots: folded state, named by where in the log it was taken.

use bytes::Bytes;

use super::Answer;

/// Where a snapshot was taken. A loader takes it only if the log confirms the epoch there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotKey {
    /// The shard.
    pub shard: u16,
    /// The next offset of `events` to fold.
    pub next: u64,
    /// The epoch in force there.
    pub epoch: u32,
}

/// Folded state, whole or absent.
pub trait Snapshot: Send + Sync {
    /// Stores a snapshot durably.
    fn put(&self, key: SnapshotKey, bytes: Bytes) -> Answer<'_, ()>;

    /// The names of the shard's snapshots, newest (greatest `next`) first, at most `most`.
    fn list(&self, shard: u16, most: usize) -> Answer<'_, Vec<SnapshotKey>>;

    /// A snapshot's bytes.
    fn get(&self, key: SnapshotKey) -> Answer<'_, Option<Bytes>>;

    /// Removes the shard's snapshots with `next` below `below`.
    fn prune(&self, shard: u16, below: u64) -> Answer<'_, ()>;
}
