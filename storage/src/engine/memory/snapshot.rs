use std::collections::BTreeMap;

use bytes::Bytes;
use parking_lot::Mutex;

use super::ready;
use crate::port::{Answer, Snapshot, SnapshotKey};

/// Snapshots in a map.
#[derive(Default)]
pub struct MemorySnapshot {
    kept: Mutex<BTreeMap<SnapshotKey, Bytes>>,
}

impl Snapshot for MemorySnapshot {
    fn put(&self, key: SnapshotKey, bytes: Bytes) -> Answer<'_, ()> {
        self.kept.lock().insert(key, bytes);
        ready(())
    }

    fn list(&self, shard: u16, most: usize) -> Answer<'_, Vec<SnapshotKey>> {
        let kept = self.kept.lock();
        ready(kept.keys().rev().filter(|key| key.shard == shard).take(most).copied().collect())
    }

    fn get(&self, key: SnapshotKey) -> Answer<'_, Option<Bytes>> {
        ready(self.kept.lock().get(&key).cloned())
    }

    fn prune(&self, shard: u16, below: u64) -> Answer<'_, ()> {
        self.kept.lock().retain(|key, _| key.shard != shard || key.next >= below);
        ready(())
    }
}
