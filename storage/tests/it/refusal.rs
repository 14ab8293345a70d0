//! When the embedded log takes no more, and how it says so.

use std::sync::Arc;
use std::time::Duration;

use model::limit;
use model::time::{ManualClock, Timestamp};
use parking_lot::Mutex;
use storage::engine::embedded::log::{EmbeddedLog, Home};
use storage::engine::embedded::space::Space;
use storage::port::{Log, LogError, NewRecord, Offset, Partition};
use storage::suite;

use crate::power_cut::as_disk;
use crate::power_cut::power::Power;
use crate::setup::{EVENTS, SMALL, append, log_on, record, texts};

const GIB: u64 = 1 << 30;

/// A log on disks of 100 GiB whose free room and power are in the test's hands.
struct Filling {
    log: EmbeddedLog,
    clock: Arc<ManualClock>,
    free: Arc<Mutex<[u64; 2]>>,
    power: Arc<Power>,
}

impl Filling {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1)));
        let free = Arc::new(Mutex::new([20 * GIB; 2]));
        let power = Power::on(7);
        let home = |n: usize| {
            let free = Arc::clone(&free);
            let space = move || Ok(Space { free_bytes: free.lock()[n], total_bytes: 100 * GIB });
            Home { disk: as_disk(power.disk()), space: Box::new(space) }
        };
        let homes = (home(0), home(1));
        let log = EmbeddedLog::open(homes, suite::place(), clock.clone(), SMALL).unwrap();
        Self { log, clock, free, power }
    }

    /// So much is free above the reserve, at the flowing and at the kept log, and they know it.
    fn leave(&self, bytes: [u64; 2]) {
        *self.free.lock() = bytes.map(|bytes| GIB + bytes);
        self.clock.advance(Duration::from_millis(100));
    }
}

fn at_the_watermark(answer: Option<Result<Vec<Offset>, LogError>>) -> bool {
    matches!(answer, Some(Err(LogError::Full { what })) if what == "the disk is at its watermark")
}

#[test]
fn f13_the_watermark_refuses_and_recovers() {
    let disk = Filling::new();
    let is_refused = || match append(&disk.log, EVENTS, "a record") {
        Ok(_) => false,
        refused => at_the_watermark(Some(refused)) || panic!("another error"),
    };
    assert!(!is_refused());
    *disk.free.lock() = [GIB + 10; 2];
    assert!(!is_refused(), "it does not ask at every append");
    disk.leave([10; 2]);
    assert!(is_refused(), "less than a frame above the reserve");
    disk.leave([50; 2]);
    assert!(!is_refused());
    *disk.free.lock() = [GIB; 2];
    assert!(is_refused(), "what was left is used up: it asks again at once");
    assert_eq!(texts(&disk.log, EVENTS).len(), 3);
}

#[test]
fn the_watermark_is_judged_before_an_append_returns() {
    let disk = Filling::new();
    let large = || vec![record(EVENTS, &"x".repeat(1_000))];
    let held = disk.power.hold();
    let mut taken: Vec<_> = (0..3).map(|_| disk.log.append(large())).collect();
    disk.leave([5_000; 2]);
    taken.push(disk.log.append(large()));
    assert!(at_the_watermark(disk.log.append(large()).try_answer()), "the writer is busy");
    taken.push(disk.log.append(vec![record(EVENTS, "small")]));
    assert!(taken.iter_mut().all(|append| append.try_answer().is_none()));
    drop(held);
    let offsets = taken.into_iter().flat_map(|append| append.wait().unwrap());
    assert_eq!(offsets.collect::<Vec<_>>(), [0, 1, 2, 3, 4], "what was taken is written");
}

#[test]
fn an_append_to_both_logs_is_taken_by_both_or_by_none() {
    let disk = Filling::new();
    let both = || vec![record(EVENTS, "a"), record(Partition::DEAD, "b")];
    for room in [[GIB, 0], [0, GIB]] {
        disk.leave(room);
        assert!(at_the_watermark(disk.log.append(both()).try_answer()));
    }
    disk.leave([GIB; 2]);
    disk.log.append(both()).wait().unwrap();
    assert_eq!((texts(&disk.log, EVENTS), texts(&disk.log, Partition::DEAD)), {
        (vec!["a".to_owned()], vec!["b".to_owned()])
    });
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
fn f13_a_log_whose_sync_failed_never_takes_another_record() {
    let power = Power::on(7);
    let log = log_on([power.disk(), power.disk()].map(as_disk), SMALL).unwrap();
    append(&log, EVENTS, "before").unwrap();
    assert!(log.health().is_ok());
    power.fail_next_sync();
    let first = append(&log, EVENTS, "lost").unwrap_err();
    assert!(matches!(first, LogError::Failed { .. }));
    assert!(matches!(log.health(), Err(LogError::Failed { .. })), "and it says so to who asks");
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
    let both = || vec![record(EVENTS, "a"), record(Partition::DEAD, "b")];
    log.append(both()).wait().unwrap();
    power.fail_next_sync();
    assert!(log.append(both()).wait().is_err());
}
