//! Damage is found, named and counted, and nothing is changed by it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::engine::OpenError;
use storage::engine::embedded::log::check::{Finding, Report, check};
use storage::engine::embedded::log::disk::{Disk, RealDisk};
use storage::engine::{EngineConfig, check_log};
use storage::port::Log;

use crate::setup::{self, EVENTS, INBOUND, append, record, small_log};

/// The report on the flowing log, which is as it was before.
fn look(directory: &Path) -> Report {
    let flowing = directory.join("flowing");
    let before = files(&flowing);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only(flowing.clone()));
    let report = check(&disk).unwrap();
    assert_eq!(files(&flowing), before, "a check changes nothing");
    report
}

fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn segment(directory: &Path, number: u64) -> PathBuf {
    directory.join("flowing").join(format!("{number:016}.log"))
}

/// Three full segments and a fourth, each of four records of one partition and one of another.
fn write(directory: &Path) {
    let log = small_log(directory).unwrap();
    for n in 0..16 {
        append(&log, EVENTS, &format!("event {n:02} {}", "x".repeat(1_100))).unwrap();
        if n % 4 == 0 {
            append(&log, INBOUND, "other").unwrap();
        }
    }
}

fn flip(path: &Path, word: &str) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(word.len()).position(|window| window == word.as_bytes()).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn texts(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_log_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let report = look(directory.path());
    assert_eq!((report.segments, report.records), (4, 20));
    assert!(report.is_whole() && report.findings.is_empty(), "{report:?}");
}

#[test]
fn what_is_damaged_and_lost_is_named() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    flip(&segment(directory.path(), 2), "event 05");
    flip(&segment(directory.path(), 2), "event 07");
    fs::remove_file(segment(directory.path(), 3)).unwrap();
    let report = look(directory.path());
    assert_eq!((report.segments, report.records, report.lost()), (3, 20 - 2 - 5, 2 + 5));
    let wanted = [
        "0000000000000002.log, bytes 1204 to 2346: damaged",
        "lost: events/1, offset 5 (it shows in 0000000000000002.log)",
        "0000000000000002.log, bytes 3488 to 4630: damaged",
        "lost: events/1, offset 7 (it shows in 0000000000000002.log)",
        "0000000000000003.log: missing",
        "lost: events/1, offsets 8 to 11: 4 records (it shows in 0000000000000004.log)",
        "lost: inbound/2, offset 2 (it shows in 0000000000000004.log)",
    ];
    assert_eq!(texts(&report), wanted);
    assert!(!report.is_whole());
}

#[test]
fn a_check_judges_as_a_start_does() {
    let directory = tempfile::tempdir().unwrap();
    let log = small_log(directory.path()).unwrap();
    append(&log, EVENTS, "one").unwrap();
    append(&log, INBOUND, "two").unwrap();
    log.append(["three", "four"].map(|text| record(EVENTS, text)).into()).wait().unwrap();
    drop(log);
    let path = segment(directory.path(), 1);
    let good = fs::read(&path).unwrap();
    let (mut refused, mut torn) = (0, 0);
    for at in (0..good.len()).step_by(3) {
        let mut flipped = good.clone();
        flipped[at] ^= 4;
        for bad in [flipped, good[..at].to_vec()] {
            fs::write(&path, &bad).unwrap();
            let report = look(directory.path());
            let starts = small_log(directory.path()).is_ok();
            assert_eq!(starts, report.is_whole(), "byte {at}: {report:?}");
            refused += usize::from(!starts);
            torn +=
                report.findings.iter().filter(|f| matches!(f, Finding::TornTail { .. })).count();
        }
    }
    assert!(refused > 15 && torn > 15, "{refused} refused, {torn} torn");
}

#[test]
fn a_log_without_its_old_end_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let log = small_log(directory.path()).unwrap();
    log.release(storage::port::Reader::Lanes, INBOUND, 4);
    for reader in EVENTS.topic.readers() {
        log.release(*reader, EVENTS, 9);
    }
    log.close();
    let report = look(directory.path());
    assert_eq!((report.segments, report.records), (2, 10));
    assert!(report.findings.is_empty(), "{report:?}");
}

#[test]
fn an_installation_is_checked_when_nobody_uses_it() {
    let directory = tempfile::tempdir().unwrap();
    let EngineConfig { data, .. } = setup::config(directory.path());
    assert!(matches!(check_log(&data), Err(OpenError::Io { .. })), "it is not there");
    assert!(!data.exists());
    let engines = setup::embedded(directory.path()).unwrap();
    append(&*engines.log, EVENTS, "a record").unwrap();
    assert!(matches!(check_log(&data), Err(OpenError::Busy { .. })));
    engines.close().unwrap();
    let reports = check_log(&data).unwrap();
    let records: Vec<_> = reports.iter().map(|(_, report)| report.records).collect();
    assert_eq!(records, [1, 0]);
}
