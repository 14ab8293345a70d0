//! When the embedded log takes no more, and how it says so.

use std::sync::Arc;
use std::time::Duration;

use model::limit;
use model::time::{ManualClock, Timestamp};
use parking_lot::Mutex;
use storage::engine::embedded::log::disk::RealDisk;
use storage::engine::embedded::log::{EmbeddedLog, Home};
use storage::engine::embedded::space::Space;
use storage::port::{Log, LogError, NewRecord};
use storage::suite;

use crate::power_cut::as_disk;
use crate::power_cut::disk::Power;
use crate::setup::{EVENTS, SMALL, append, log_on, record, texts};

const GIB: u64 = 1 << 30;

#[test]
fn the_watermark_refuses_and_recovers() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1)));
    let free = Arc::new(Mutex::new(20 * GIB));
    let home = |name: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir(&path).unwrap();
        let free = Arc::clone(&free);
        let space = move || Ok(Space { free_bytes: *free.lock(), total_bytes: 100 * GIB });
        Home { disk: Arc::new(RealDisk::new(path)), space: Box::new(space) }
    };
    let homes = (home("flowing"), home("kept"));
    let log = EmbeddedLog::open(homes, suite::place(), clock.clone(), SMALL).unwrap();
    let is_refused = || match append(&log, EVENTS, "a record") {
        Ok(_) => false,
        Err(LogError::Full { what }) => what == "the disk is at its watermark",
        Err(other) => panic!("{other}"),
    };

    assert!(!is_refused());
    *free.lock() = GIB + 10;
    assert!(!is_refused(), "it does not ask at every append");
    clock.advance(Duration::from_millis(100));
    assert!(is_refused(), "less than a frame above the reserve");
    *free.lock() = GIB + 50;
    clock.advance(Duration::from_millis(100));
    assert!(!is_refused());
    *free.lock() = GIB;
    assert!(is_refused(), "what was left is used up: it asks again at once");
    assert_eq!(texts(&log, EVENTS).len(), 3);
}

#[test]
fn a_disk_keeps_a_tenth_or_a_gibibyte_free() {
    let reserve = |total_bytes| Space { free_bytes: 0, total_bytes }.reserve_bytes();
    assert_eq!(reserve(100), 10);
    assert_eq!(reserve(10 * GIB), GIB);
    assert_eq!(reserve(1_000 * GIB), GIB);
}

#[test]
fn appends_in_flight_are_bounded() {
    let power = Power::on(7);
    let log = log_on([power.disk(), power.disk()].map(as_disk), SMALL).unwrap();
    let most = limit::APPENDING_BYTES / limit::RECORD_BYTES;
    let large = || NewRecord { partition: EVENTS, bytes: vec![0; limit::RECORD_BYTES].into() };

    let held = power.hold();
    let answers: Vec<_> = (0..=most).map(|_| log.append(vec![large()])).collect();
    drop(held);
    let results: Vec<_> = answers.into_iter().map(|answer| answer.wait()).collect();
    // A frame is a little larger than its record: one record less than the bound fits.
    let (taken, refused) = results.split_at(most - 1);
    assert!(taken.iter().all(Result::is_ok));
    let is_full = |result: &Result<_, LogError>| matches!(result, Err(LogError::Full { what }) if what.contains("in flight"));
    assert!(refused.iter().all(is_full));
    append(&log, EVENTS, "there is room again").unwrap();
}

#[test]
fn a_log_whose_sync_failed_never_takes_another_record() {
    let power = Power::on(7);
    let log = log_on([power.disk(), power.disk()].map(as_disk), SMALL).unwrap();
    append(&log, EVENTS, "before").unwrap();
    power.fail_next_sync();
    let first = append(&log, EVENTS, "lost").unwrap_err();
    assert!(matches!(first, LogError::Failed { .. }));
    let later = append(&log, EVENTS, "after").unwrap_err();
    assert!(
        matches!(later, LogError::Failed { .. }),
        "{later}: the disk works again, but is not believed"
    );
    assert_eq!(texts(&log, EVENTS), ["before"]);
}

#[test]
fn an_append_to_both_logs_fails_when_one_does() {
    let power = Power::on(7);
    let log = log_on([power.disk(), power.disk()].map(as_disk), SMALL).unwrap();
    let both = || vec![record(EVENTS, "a"), record(storage::port::Partition::DEAD, "b")];
    log.append(both()).wait().unwrap();
    power.fail_next_sync();
    assert!(log.append(both()).wait().is_err());
}
