//! What a start makes of bytes that are not as they were written.

use std::fs;
use std::path::{Path, PathBuf};

use storage::port::{Log, LogError};

use crate::setup::{EVENTS, INBOUND, append, record, small_log, texts};

#[test]
fn a_tail_torn_at_any_byte_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let whole = write(directory.path(), &["one", "two"]);
    let before = write_more(directory.path(), "three").len();
    for keep in whole.len()..before {
        let bytes = fs::read(segment(directory.path(), 1)).unwrap();
        fs::write(segment(directory.path(), 1), &bytes[..keep]).unwrap();
        let log = small_log(directory.path()).unwrap();
        assert_eq!(texts(&log, EVENTS), ["one", "two"], "cut to {keep} bytes");
        drop(log);
        assert_eq!(write_more(directory.path(), "three").len(), before, "the tail is gone");
    }
}

#[test]
fn a_tail_of_any_flipped_byte_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let start = write(directory.path(), &["one", "two"]).len();
    let good = write_more(directory.path(), "three");
    for at in start..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(segment(directory.path(), 1), &bad).unwrap();
        assert_eq!(texts(&small_log(directory.path()).unwrap(), EVENTS), ["one", "two"]);
    }
}

#[test]
fn a_group_torn_in_its_middle_is_cut_there() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &["one"]);
    let log = small_log(directory.path()).unwrap();
    log.append(["two", "three", "four"].map(|text| record(EVENTS, text)).into()).wait().unwrap();
    drop(log);
    // The disk wrote the pages of "two" and "four", but not that of "three".
    let good = fs::read(segment(directory.path(), 1)).unwrap();
    let bad = damage(&good, b"three");
    fs::write(segment(directory.path(), 1), &bad).unwrap();
    assert_eq!(texts(&small_log(directory.path()).unwrap(), EVENTS), ["one", "two"]);
}

#[test]
fn damage_before_a_later_group_refuses_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let good = write(directory.path(), &["one", "two", "three"]);
    for word in [b"one".as_slice(), b"two"] {
        fs::write(segment(directory.path(), 1), damage(&good, word)).unwrap();
        let what = refusal(directory.path());
        let at = good.windows(3).position(|window| window == word).unwrap() - FRAME_BYTES;
        assert!(what.contains(&format!("0000000000000001.log, byte {at}: ")), "{what}");
    }
    fs::write(segment(directory.path(), 1), &good).unwrap();
    assert_eq!(texts(&small_log(directory.path()).unwrap(), EVENTS), ["one", "two", "three"]);
}

#[test]
fn damage_anywhere_in_a_full_segment_without_its_outline_refuses_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let good = write(directory.path(), &[&"x".repeat(5_000), "in the second segment"]);
    let outline = directory.path().join("flowing/0000000000000001.outline");
    for at in (0..good.len()).step_by(97).chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(segment(directory.path(), 1), &bad).unwrap();
        drop(fs::remove_file(&outline));
        assert!(refusal(directory.path()).contains("0000000000000001.log, byte "));
    }
}

#[test]
fn damage_in_a_full_segment_is_told_to_who_reads_it_and_to_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let good = write(directory.path(), &[&"x".repeat(2_000), &"y".repeat(3_000), "later"]);
    fs::write(segment(directory.path(), 1), damage(&good, b"yyyyyy")).unwrap();
    let log = small_log(directory.path()).unwrap();
    let read = |from, max_bytes| {
        let mut out = Vec::new();
        log.read(EVENTS, from, max_bytes, &mut out).map(|()| out.len())
    };
    assert_eq!(read(0, 1 << 20).unwrap(), 1, "what stands before it");
    assert_eq!(read(2, 1 << 20).unwrap(), 1, "what stands behind it");
    let error = read(1, 100).unwrap_err().to_string();
    assert!(error.contains("0000000000000001.log, byte 2057: "), "{error}");
}

#[test]
fn a_full_segment_of_another_length_or_header_refuses_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let good = write(directory.path(), &[&"x".repeat(5_000), "in the second segment"]);
    let longer = [&good[..], b"?"].concat();
    let headless = [&[0; 24], &good[24..]].concat();
    for bad in [&good[..good.len() - 1], &good[..30], &[], &longer, &headless] {
        fs::write(segment(directory.path(), 1), bad).unwrap();
        assert!(refusal(directory.path()).contains("0000000000000001.log, byte "));
    }
    fs::write(segment(directory.path(), 1), &good).unwrap();
    assert_eq!(texts(&small_log(directory.path()).unwrap(), EVENTS).len(), 2);
}

#[test]
fn a_missing_segment_refuses_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let log = small_log(directory.path()).unwrap();
    for _ in 0..3 {
        append(&log, EVENTS, &"x".repeat(5_000)).unwrap();
    }
    drop(log);
    fs::remove_file(segment(directory.path(), 2)).unwrap();
    assert!(refusal(directory.path()).contains("0000000000000002.log"));
}

#[test]
fn a_segment_whose_header_was_never_synced_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    let log = small_log(directory.path()).unwrap();
    append(&log, EVENTS, &"x".repeat(5_000)).unwrap();
    drop(log);
    for header in [Vec::new(), vec![0; 10], vec![0; 24]] {
        fs::write(segment(directory.path(), 2), header).unwrap();
        let log = small_log(directory.path()).unwrap();
        let count = texts(&log, EVENTS).len();
        append(&log, EVENTS, "more").unwrap();
        assert_eq!(texts(&log, EVENTS).len(), count + 1);
        drop(log);
        fs::remove_file(segment(directory.path(), 2)).unwrap();
    }
}

#[test]
fn a_record_that_holds_a_frame_is_not_taken_for_one() {
    let directory = tempfile::tempdir().unwrap();
    let start = write(directory.path(), &["one"]).len();
    let inner = fs::read(segment(directory.path(), 1)).unwrap()[start - FRAME_BYTES - 3..].to_vec();
    let log = small_log(directory.path()).unwrap();
    let outer = storage::port::NewRecord { partition: INBOUND, bytes: inner.into() };
    log.append(vec![outer]).wait().unwrap();
    drop(log);
    // The outer frame is torn; the whole frame inside it proves nothing.
    let mut bytes = fs::read(segment(directory.path(), 1)).unwrap();
    bytes[start + 4] ^= 1;
    fs::write(segment(directory.path(), 1), bytes).unwrap();
    let log = small_log(directory.path()).unwrap();
    assert_eq!((texts(&log, EVENTS).len(), texts(&log, INBOUND).len()), (1, 0));
}

#[test]
fn damage_found_while_reading_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let log = small_log(directory.path()).unwrap();
    append(&log, EVENTS, &"x".repeat(2_000)).unwrap();
    append(&log, EVENTS, &"y".repeat(2_000)).unwrap();
    let path = segment(directory.path(), 1);
    let bad = damage(&fs::read(&path).unwrap(), b"xxxxxx");
    fs::write(&path, bad).unwrap();
    let error = log.read(EVENTS, 0, 100, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

/// Bytes of a frame around its record.
const FRAME_BYTES: usize = 33;

fn segment(directory: &Path, number: u64) -> PathBuf {
    directory.join("flowing").join(format!("{number:016}.log"))
}

/// Appends events one by one, each a group of its own; the first segment's bytes.
fn write(directory: &Path, words: &[&str]) -> Vec<u8> {
    let log = small_log(directory).unwrap();
    for word in words {
        append(&log, EVENTS, word).unwrap();
    }
    drop(log);
    fs::read(segment(directory, 1)).unwrap()
}

fn write_more(directory: &Path, word: &str) -> Vec<u8> {
    write(directory, &[word])
}

/// The same bytes with a bit of the first `word` flipped.
fn damage(good: &[u8], word: &[u8]) -> Vec<u8> {
    let mut bad = good.to_vec();
    let at = good.windows(word.len()).position(|window| window == word).unwrap();
    bad[at] ^= 1;
    bad
}

fn refusal(directory: &Path) -> String {
    match small_log(directory).err() {
        Some(LogError::Damaged { what }) => what,
        other => panic!("not refused as damaged: {other:?}"),
    }
}
