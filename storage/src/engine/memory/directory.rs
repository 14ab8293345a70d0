use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use parking_lot::Mutex;

use super::ready;
use crate::port::{Answer, Directory, Row, RowKey, Version};

/// Rows in a map.
#[derive(Default)]
pub struct MemoryDirectory {
    rows: Mutex<BTreeMap<RowKey, Row>>,
}

impl MemoryDirectory {
    fn put_now(&self, key: &RowKey, expect: Version, bytes: Option<Bytes>) -> Option<Version> {
        let mut rows = self.rows.lock();
        if rows.get(key).map_or(0, |row| row.version) != expect {
            return None;
        }
        let Some(bytes) = bytes else {
            rows.remove(key);
            return Some(0);
        };
        let version = expect + 1;
        rows.insert(key.clone(), Row { version, bytes });
        Some(version)
    }
}

impl Directory for MemoryDirectory {
    fn get<'a>(&'a self, key: &'a RowKey) -> Answer<'a, Option<Row>> {
        ready(self.rows.lock().get(key).cloned())
    }

    fn put<'a>(
        &'a self,
        key: &'a RowKey,
        expect: Version,
        bytes: Option<Bytes>,
    ) -> Answer<'a, Option<Version>> {
        ready(self.put_now(key, expect, bytes))
    }

    fn scan<'a>(
        &'a self,
        table: &'static str,
        after: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<(String, Row)>> {
        let after = RowKey { table, key: after.to_owned() };
        let rows = self.rows.lock();
        let found = rows
            .range((Bound::Excluded(after), Bound::Unbounded))
            .take_while(|(key, _)| key.table == table)
            .take(most)
            .map(|(key, row)| (key.key.clone(), row.clone()))
            .collect();
        ready(found)
    }
}
