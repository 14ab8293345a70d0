//! What every [`Directory`] must do.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;

use super::now;
use crate::port::{Directory, Row, RowKey, Version};

/// Makes a test of every case; `$run` is called with the case and passes it an empty directory.
#[macro_export]
macro_rules! directory_suite {
    ($run:expr) => {
        $crate::suite_of! { $run, directory:
            a_row_is_read_as_it_was_written
            a_write_with_another_version_changes_nothing
            a_removed_row_is_gone
            of_racing_writers_one_wins_each_version
            a_scan_goes_through_one_table_in_key_order
        }
    };
}

/// What was put is there, with versions that count from 1.
pub fn a_row_is_read_as_it_was_written(directory: &Arc<dyn Directory>) {
    let key = key("session", "abc");
    assert_eq!(now(directory.get(&key)), None);
    assert_eq!(put(directory, &key, 0, "one"), Some(1));
    assert_eq!(now(directory.get(&key)), Some(row(1, "one")));
    assert_eq!(put(directory, &key, 1, "two"), Some(2));
    assert_eq!(now(directory.get(&key)), Some(row(2, "two")));
}

/// Neither a version that is over nor one to come may write.
pub fn a_write_with_another_version_changes_nothing(directory: &Arc<dyn Directory>) {
    let key = key("session", "abc");
    assert_eq!(put(directory, &key, 1, "early"), None);
    assert_eq!(now(directory.put(&key, 1, None)), None);
    put(directory, &key, 0, "one");
    assert_eq!(put(directory, &key, 0, "late"), None);
    assert_eq!(put(directory, &key, 2, "early"), None);
    assert_eq!(now(directory.put(&key, 2, None)), None);
    assert_eq!(now(directory.get(&key)), Some(row(1, "one")));
}

/// After a removal there is no row, and a new one begins at 1.
pub fn a_removed_row_is_gone(directory: &Arc<dyn Directory>) {
    let key = key("login-link", "abc");
    put(directory, &key, 0, "one");
    assert_eq!(now(directory.put(&key, 1, None)), Some(0));
    assert_eq!(now(directory.get(&key)), None);
    assert_eq!(put(directory, &key, 0, "again"), Some(1));
}

/// Of writers that expect the same version exactly one succeeds: none overwrites another unseen.
pub fn of_racing_writers_one_wins_each_version(directory: &Arc<dyn Directory>) {
    let key = key("secret", "counter");
    let increments = |key: &RowKey| {
        for _ in 0..25 {
            loop {
                let found = now(directory.get(key));
                let version = found.as_ref().map_or(0, |row| row.version);
                let count = found.map_or(0, |row| count_of(&row));
                if put(directory, key, version, &(count + 1).to_string()).is_some() {
                    break;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| increments(&key));
        }
    });
    let row = now(directory.get(&key)).unwrap();
    assert_eq!((count_of(&row), row.version), (100, 100));
}

/// A scan shows one table's rows above a key, in the order of their bytes, at most so many.
pub fn a_scan_goes_through_one_table_in_key_order(directory: &Arc<dyn Directory>) {
    for table in ["credential", "session", "sessions"] {
        for name in ["b", "a", "a/x", "c", "ç"] {
            put(directory, &key(table, name), 0, name);
        }
    }
    let names = |after, most| {
        let rows = now(directory.scan("session", after, most));
        rows.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("", 10), ["a", "a/x", "b", "c", "ç"]);
    assert_eq!(names("a", 2), ["a/x", "b"]);
    assert_eq!(names("ç", 10), Vec::<String>::new());
    assert_eq!(now(directory.scan("session", "b", 1)), [("c".to_owned(), row(1, "c"))]);
    assert_eq!(now(directory.scan("nothing", "", 10)), []);
}

fn key(table: &'static str, key: &str) -> RowKey {
    RowKey { table, key: key.to_owned() }
}

fn row(version: Version, text: &'static str) -> Row {
    Row { version, bytes: Bytes::from_static(text.as_bytes()) }
}

fn put(
    directory: &Arc<dyn Directory>,
    key: &RowKey,
    expect: Version,
    text: &str,
) -> Option<Version> {
    now(directory.put(key, expect, Some(text.to_owned().into())))
}

fn count_of(row: &Row) -> u64 {
    std::str::from_utf8(&row.bytes).unwrap().parse().unwrap()
}
