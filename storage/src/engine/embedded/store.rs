//! The key-value store under history, directory and snapshots: one fjall database, one keyspace a
//! table.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::codec::RowError;
use crate::engine::OpenError;
use crate::port::{Answer, StoreError};

/// Opens the database in `path`.
pub(super) fn open(path: &Path) -> Result<Database, OpenError> {
    Database::builder(path).open().map_err(|source| open_error(path, source))
}

/// A table of the database.
pub(super) fn table(database: &Database, path: &Path, name: &str) -> Result<Keyspace, OpenError> {
    database
        .keyspace(name, KeyspaceCreateOptions::default)
        .map_err(|source| open_error(path, source))
}

/// Writes everything that was committed to the disk.
pub(super) fn sync(database: &Database, path: &Path) -> Result<(), OpenError> {
    database.persist(PersistMode::SyncAll).map_err(|source| open_error(path, source))
}

/// The answer of work that was done at once: the database blocks the thread that asks it, for as
/// long as a read of the disk or a sync takes.
pub(super) fn done<'a, T: Send + 'a>(result: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(result))
}

/// An error of the database, by what a caller can do about it.
pub(super) fn store_error(store: &'static str, source: fjall::Error) -> StoreError {
    let damaged = match &source {
        fjall::Error::Storage(inner) => !matches!(inner, fjall::LsmError::Io(_)),
        fjall::Error::InvalidTag(_)
        | fjall::Error::InvalidTrailer
        | fjall::Error::Decompress(_)
        | fjall::Error::Unrecoverable => true,
        _ => false,
    };
    if damaged {
        return StoreError::Damaged { store, what: source.to_string() };
    }
    StoreError::Unavailable { store, source: Box::new(source) }
}

/// A row that cannot be read.
pub(super) fn bad_row(
    store: &'static str,
    row: impl std::fmt::Display,
    error: &RowError,
) -> StoreError {
    StoreError::Damaged { store, what: format!("{row}: {error}") }
}

fn open_error(path: &Path, source: fjall::Error) -> OpenError {
    if matches!(source, fjall::Error::Locked) {
        return OpenError::Busy { data: path.to_owned() };
    }
    OpenError::Store { path: path.to_owned(), source: Box::new(source) }
}
