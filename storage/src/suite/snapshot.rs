//! What every [`Snapshot`] must do.

use std::sync::Arc;

use bytes::Bytes;

use super::now;
use crate::port::{Snapshot, SnapshotKey};

/// Makes a test of every case; `$run` is called with the case and passes it an empty store.
#[macro_export]
macro_rules! snapshot_suite {
    ($run:expr) => {
        $crate::suite_of! { $run, snapshot:
            a_snapshot_is_read_as_it_was_stored
            a_large_snapshot_is_read_as_it_was_stored
            snapshots_are_listed_newest_first
            pruning_spares_the_newer_and_the_other_shards
        }
    };
}

/// What was put is there under its name alone.
pub fn a_snapshot_is_read_as_it_was_stored(snapshot: &Arc<dyn Snapshot>) {
    now(snapshot.put(key(1, 10), "folded".into()));
    now(snapshot.put(key(1, 11), Bytes::new()));
    assert_eq!(now(snapshot.get(key(1, 10))), Some("folded".into()));
    assert_eq!(now(snapshot.get(key(1, 11))), Some(Bytes::new()));
    assert_eq!(now(snapshot.get(key(0, 10))), None);
    assert_eq!(now(snapshot.get(SnapshotKey { epoch: 8, ..key(1, 10) })), None);
}

/// Several MiB are nothing special.
pub fn a_large_snapshot_is_read_as_it_was_stored(snapshot: &Arc<dyn Snapshot>) {
    let bytes: Vec<u8> = (0..3_000_001u32).map(|n| (n % 251) as u8).collect();
    now(snapshot.put(key(0, 5), bytes.clone().into()));
    assert!(now(snapshot.get(key(0, 5))).is_some_and(|found| found == bytes));
}

/// The newest comes first, of this shard alone, and at most so many.
pub fn snapshots_are_listed_newest_first(snapshot: &Arc<dyn Snapshot>) {
    for next in [300, 2, 70_000] {
        now(snapshot.put(key(0, next), "a".into()));
    }
    now(snapshot.put(key(1, 400), "b".into()));
    assert_eq!(now(snapshot.list(0, 10)), [key(0, 70_000), key(0, 300), key(0, 2)]);
    assert_eq!(now(snapshot.list(0, 2)), [key(0, 70_000), key(0, 300)]);
    assert_eq!(now(snapshot.list(7, 2)), []);
}

/// Only what lies below goes.
pub fn pruning_spares_the_newer_and_the_other_shards(snapshot: &Arc<dyn Snapshot>) {
    for (shard, next) in [(0, 1), (0, 2), (0, 3), (1, 1)] {
        now(snapshot.put(key(shard, next), "a".into()));
    }
    now(snapshot.prune(0, 3));
    assert_eq!(now(snapshot.list(0, 10)), [key(0, 3)]);
    assert_eq!(now(snapshot.get(key(0, 2))), None);
    assert_eq!(now(snapshot.get(key(0, 3))), Some("a".into()));
    assert_eq!(now(snapshot.list(1, 10)), [key(1, 1)]);
}

const fn key(shard: u16, next: u64) -> SnapshotKey {
    SnapshotKey { shard, next, epoch: 7 }
}
