//! The directory: rows that are read by key and written by version compare. Credentials,
//! sessions, secrets of endpoints and channels, contacts.

use bytes::Bytes;

use super::Answer;

/// A row's version; 0 means there is no row.
pub type Version = u64;

/// What a row is found by: a table and a key within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The table, from a closed set of names: `session`, `credential`, `secret`, `installation`.
    pub table: &'static str,
    /// The key, at most 256 bytes.
    pub key: String,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its version, from 1.
    pub version: Version,
    /// What it holds; the writer's affair.
    pub bytes: Bytes,
}

/// Rows read by key and written by version compare.
pub trait Directory: Send + Sync {
    /// The row at `key`.
    fn get<'a>(&'a self, key: &'a RowKey) -> Answer<'a, Option<Row>>;

    /// Writes `bytes` at `key` if its version is `expect` (0: there is no row), durably; the new
    /// version, or `None` when it was not. `None` for `bytes` removes the row.
    fn put<'a>(
        &'a self,
        key: &'a RowKey,
        expect: Version,
        bytes: Option<Bytes>,
    ) -> Answer<'a, Option<Version>>;

    /// Rows of `table` with keys above `after`, in key order, at most `most`.
    fn scan<'a>(
        &'a self,
        table: &'static str,
        after: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<(String, Row)>>;
}
