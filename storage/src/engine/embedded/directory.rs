use std::ops::Bound;
use std::path::Path;

use bytes::Bytes;
use fjall::{Database, Keyspace, PersistMode};
use parking_lot::Mutex;

use super::store::{bad_row, done, store_error, table};
use crate::codec;
use crate::engine::OpenError;
use crate::port::{Answer, Directory, Row, RowKey, StoreError, Version};

/// Directory rows in one table of the store, keyed by table, a zero byte and key. Every write is
/// synced before it is answered.
pub(super) struct EmbeddedDirectory {
    database: Database,
    rows: Keyspace,
    /// One compare and write at a time.
    writing: Mutex<()>,
}

const STORE: &str = "directory";

impl EmbeddedDirectory {
    pub(super) fn open(database: &Database, path: &Path) -> Result<Self, OpenError> {
        let rows = table(database, path, "directory")?;
        Ok(Self { database: database.clone(), rows, writing: Mutex::new(()) })
    }

    fn get_now(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        let Some(bytes) = self.rows.get(bytes_of(key.table, &key.key)).map_err(failed)? else {
            return Ok(None);
        };
        row(key.table, &key.key, &bytes).map(Some)
    }

    fn put_now(
        &self,
        key: &RowKey,
        expect: Version,
        bytes: Option<Bytes>,
    ) -> Result<Option<Version>, StoreError> {
        let _one_at_a_time = self.writing.lock();
        if self.get_now(key)?.map_or(0, |row| row.version) != expect {
            return Ok(None);
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        let (name, version) = (bytes_of(key.table, &key.key), expect + 1);
        let result = match bytes {
            Some(bytes) => {
                batch.insert(&self.rows, name, codec::encode_row(&Row { version, bytes }));
                version
            }
            None => {
                batch.remove(&self.rows, name);
                0
            }
        };
        batch.commit().map_err(failed)?;
        Ok(Some(result))
    }

    fn scan_now(
        &self,
        table: &str,
        after: &str,
        most: usize,
    ) -> Result<Vec<(String, Row)>, StoreError> {
        let prefix = bytes_of(table, "");
        let mut end = prefix.clone();
        // The zero byte after the table's name: one more is the first key past the table.
        end.pop();
        end.push(1);
        let keys = (Bound::Excluded(bytes_of(table, after)), Bound::Excluded(end));
        let rows = self.rows.range(keys).take(most).map(|guard| {
            let (name, bytes) = guard.into_inner().map_err(failed)?;
            let key = name.get(prefix.len()..).unwrap_or_default();
            let key = String::from_utf8_lossy(key).into_owned();
            let row = row(table, &key, &bytes)?;
            Ok((key, row))
        });
        rows.collect()
    }
}

impl Directory for EmbeddedDirectory {
    fn get<'a>(&'a self, key: &'a RowKey) -> Answer<'a, Option<Row>> {
        done(self.get_now(key))
    }

    fn put<'a>(
        &'a self,
        key: &'a RowKey,
        expect: Version,
        bytes: Option<Bytes>,
    ) -> Answer<'a, Option<Version>> {
        done(self.put_now(key, expect, bytes))
    }

    fn scan<'a>(
        &'a self,
        table: &'static str,
        after: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<(String, Row)>> {
        done(self.scan_now(table, after, most))
    }
}

fn failed(source: fjall::Error) -> StoreError {
    store_error(STORE, source)
}

fn row(table: &str, key: &str, bytes: &[u8]) -> Result<Row, StoreError> {
    codec::decode_row(bytes).map_err(|error| bad_row(STORE, format!("{table} {key}"), &error))
}

fn bytes_of(table: &str, key: &str) -> Vec<u8> {
    let mut bytes = table.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(key.as_bytes());
    bytes
}
