use std::path::Path;

use bytes::Bytes;
use fjall::{Database, Keyspace, PersistMode};

use super::store::{done, store_error, table};
use crate::engine::OpenError;
use crate::port::{Answer, Snapshot, SnapshotKey, StoreError};

/// Snapshots in two tables of the store: their bytes in chunks, and a name written last. A
/// snapshot without its name is not there, so a crash while one is stored leaves none.
///
/// | table | key | row |
/// |---|---|---|
/// | `snapshot` | shard, next, epoch | length and CRC-32C of the bytes |
/// | `snapshot-chunk` | shard, next, epoch, number of the chunk | at most 512 KiB |
pub(super) struct EmbeddedSnapshot {
    database: Database,
    names: Keyspace,
    chunks: Keyspace,
}

const STORE: &str = "snapshots";
const CHUNK_BYTES: usize = 512 * 1024;
const KEY_BYTES: usize = 14;

type Found<T> = Result<T, StoreError>;

impl EmbeddedSnapshot {
    pub(super) fn open(database: &Database, path: &Path) -> Result<Self, OpenError> {
        let names = table(database, path, "snapshot")?;
        let chunks = table(database, path, "snapshot-chunk")?;
        Ok(Self { database: database.clone(), names, chunks })
    }

    fn put_now(&self, key: SnapshotKey, bytes: &[u8]) -> Found<()> {
        for (number, chunk) in (0u32..).zip(bytes.chunks(CHUNK_BYTES)) {
            self.chunks.insert(chunk_key(key, number), chunk).map_err(failed)?;
        }
        // The name's batch is synced, and with it all that the journal holds before it.
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        batch.insert(&self.names, key_bytes(key), label(bytes));
        batch.commit().map_err(failed)
    }

    fn list_now(&self, shard: u16, most: usize) -> Found<Vec<SnapshotKey>> {
        let names = self.names.prefix(shard.to_be_bytes()).rev().take(most);
        names.map(|guard| key_of(&guard.key().map_err(failed)?)).collect()
    }

    fn get_now(&self, key: SnapshotKey) -> Found<Option<Bytes>> {
        let Some(wanted) = self.names.get(key_bytes(key)).map_err(failed)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        for guard in self.chunks.prefix(key_bytes(key)) {
            bytes.extend_from_slice(&guard.value().map_err(failed)?);
        }
        if *wanted != label(&bytes) {
            let what = format!("snapshot {key:?} is not what was stored");
            return Err(StoreError::Damaged { store: STORE, what });
        }
        Ok(Some(bytes.into()))
    }

    fn prune_now(&self, shard: u16, below: u64) -> Found<()> {
        let first = SnapshotKey { shard, next: 0, epoch: 0 };
        let end = SnapshotKey { shard, next: below, epoch: 0 };
        // Names before chunks: what is half removed is not there.
        for keyspace in [&self.names, &self.chunks] {
            for guard in keyspace.range(key_bytes(first)..key_bytes(end)) {
                keyspace.remove(guard.key().map_err(failed)?).map_err(failed)?;
            }
        }
        Ok(())
    }
}

impl Snapshot for EmbeddedSnapshot {
    fn put(&self, key: SnapshotKey, bytes: Bytes) -> Answer<'_, ()> {
        done(self.put_now(key, &bytes))
    }

    fn list(&self, shard: u16, most: usize) -> Answer<'_, Vec<SnapshotKey>> {
        done(self.list_now(shard, most))
    }

    fn get(&self, key: SnapshotKey) -> Answer<'_, Option<Bytes>> {
        done(self.get_now(key))
    }

    fn prune(&self, shard: u16, below: u64) -> Answer<'_, ()> {
        done(self.prune_now(shard, below))
    }
}

fn failed(source: fjall::Error) -> StoreError {
    store_error(STORE, source)
}

fn key_bytes(key: SnapshotKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(KEY_BYTES);
    bytes.extend_from_slice(&key.shard.to_be_bytes());
    bytes.extend_from_slice(&key.next.to_be_bytes());
    bytes.extend_from_slice(&key.epoch.to_be_bytes());
    bytes
}

fn chunk_key(key: SnapshotKey, number: u32) -> Vec<u8> {
    let mut bytes = key_bytes(key);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}

fn key_of(bytes: &[u8]) -> Found<SnapshotKey> {
    let read = || {
        let (shard, rest) = bytes.split_first_chunk()?;
        let (next, rest) = rest.split_first_chunk()?;
        let (epoch, _) = rest.split_first_chunk()?;
        Some(SnapshotKey {
            shard: u16::from_be_bytes(*shard),
            next: u64::from_be_bytes(*next),
            epoch: u32::from_be_bytes(*epoch),
        })
    };
    let what = || format!("a row named {bytes:?}, no snapshot");
    read().ok_or_else(|| StoreError::Damaged { store: STORE, what: what() })
}

fn label(bytes: &[u8]) -> Vec<u8> {
    let mut label = (bytes.len() as u64).to_be_bytes().to_vec();
    label.extend_from_slice(&crc32c::crc32c(bytes).to_be_bytes());
    label
}
