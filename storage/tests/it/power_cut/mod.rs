//! The power goes at any moment; nothing that was acknowledged is lost.

pub(crate) mod disk;

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::engine::embedded::log::disk::Disk;
use storage::port::{Log, LogError, NewRecord, Partition};

use crate::setup::{EVENTS, INBOUND, SMALL, append, log_on, record, texts};
use disk::{Power, PowerDisk};

const PARTITIONS: [Partition; 4] = [EVENTS, INBOUND, Partition::SETTINGS, Partition::DEAD];

/// What is known of each partition.
type Texts = BTreeMap<Partition, Vec<String>>;

/// An append of one life, and whether it was acknowledged.
struct Attempt {
    records: Vec<NewRecord>,
    is_acknowledged: bool,
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    for seed in 0..150 {
        lives(seed, false).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

#[test]
fn a_log_that_answers_before_the_sync_is_found_out() {
    let found_out = (0..20).filter(|seed| lives(*seed, true).is_err()).count();
    assert!(found_out > 0, "a disk that only says it syncs passed as a good one");
}

#[test]
fn what_a_start_shows_is_durable() {
    for seed in 0..20 {
        let power = Power::on(seed);
        let disks = [power.disk(), power.disk()];
        let open = |disks: &[Arc<PowerDisk>; 2]| log_on(disks.clone().map(as_disk), SMALL).unwrap();
        let log = open(&disks);
        // The record is written and not synced; then the process is gone, the power is not.
        power.fail_next_sync();
        assert!(append(&log, EVENTS, "in the page cache").is_err());
        drop(log);
        let shown = texts(&open(&disks), EVENTS);
        assert_eq!(shown, ["in the page cache"]);
        let disks = disks.map(|disk| disk.after_cut());
        assert_eq!(texts(&open(&disks), EVENTS), shown);
    }
}

/// Several lives, each ended by a power cut, be it while the log is opened.
fn lives(seed: u64, lies: bool) -> Result<(), String> {
    let power = Power::on(seed);
    if lies {
        power.lie();
    }
    let mut disks = [power.disk(), power.disk()];
    let mut kept = Texts::new();
    for life in 0..4 {
        power.cut_after(power.random(40));
        let attempts = live(&power, &disks, life);
        disks = disks.map(|disk| disk.after_cut());
        power.restore();
        let log = log_on(disks.clone().map(as_disk), SMALL)
            .map_err(|error| format!("life {life} does not open: {error:?}"))?;
        let found: Texts =
            PARTITIONS.iter().map(|partition| (*partition, texts(&log, *partition))).collect();
        judge(&kept, &attempts, &found).map_err(|broken| format!("life {life}: {broken}"))?;
        kept = found;
    }
    Ok(())
}

/// Appends until the power is gone.
fn live(power: &Power, disks: &[Arc<PowerDisk>; 2], life: u32) -> Vec<Attempt> {
    let Ok(log) = log_on(disks.clone().map(as_disk), SMALL) else { return Vec::new() };
    let mut attempts = Vec::new();
    let mut in_flight = Vec::new();
    for n in 0..40 {
        let one = |part| {
            let partition = PARTITIONS[power.random(4) as usize];
            let padding = "x".repeat(power.random(900) as usize);
            record(partition, &format!("{life} {n} {part} {padding}"))
        };
        let records: Vec<NewRecord> = (0..=power.random(4)).map(one).collect();
        in_flight.push((records.clone(), log.append(records)));
        if power.random(3) == 0 {
            settle(&mut in_flight, &mut attempts);
        }
    }
    settle(&mut in_flight, &mut attempts);
    attempts
}

fn settle(
    in_flight: &mut Vec<(Vec<NewRecord>, storage::port::Appending)>,
    attempts: &mut Vec<Attempt>,
) {
    for (records, appending) in in_flight.drain(..) {
        let is_acknowledged = match appending.wait() {
            Ok(_) => true,
            Err(LogError::Failed { .. }) => false,
            Err(other) => panic!("{other}"),
        };
        attempts.push(Attempt { records, is_acknowledged });
    }
}

/// Whether `found` is lawful after a life that began with `kept`.
fn judge(kept: &Texts, attempts: &[Attempt], found: &Texts) -> Result<(), String> {
    for partition in PARTITIONS {
        let of_partition = |record: &&NewRecord| record.partition == partition;
        let mut wanted = kept.get(&partition).cloned().unwrap_or_default();
        let mut least = wanted.len();
        for attempt in attempts {
            let before = wanted.len();
            wanted.extend(attempt.records.iter().filter(of_partition).map(text));
            // The other log may acknowledge what came later and touches nothing here.
            if attempt.is_acknowledged && wanted.len() > before {
                least = wanted.len();
            }
        }
        let found = &found[&partition];
        if found.len() < least {
            return Err(format!("{} of {least} records of {partition} are left", found.len()));
        }
        if !wanted.starts_with(found) {
            return Err(format!("{partition} holds what was not appended in this order"));
        }
    }
    attempts.iter().try_for_each(|attempt| is_prefix(attempt, found))
}

/// Of one append a prefix is there, in each of the two logs.
fn is_prefix(attempt: &Attempt, found: &Texts) -> Result<(), String> {
    for side in [&PARTITIONS[..2], &PARTITIONS[2..]] {
        let records = attempt.records.iter().filter(|record| side.contains(&record.partition));
        let is_there = records.map(|record| found[&record.partition].contains(&text(record)));
        if !is_there.is_sorted_by(|before, after| before >= after) {
            return Err("a record is there without one before it in its append".to_owned());
        }
    }
    Ok(())
}

fn text(record: &NewRecord) -> String {
    String::from_utf8(record.bytes.to_vec()).unwrap()
}

pub(crate) fn as_disk(disk: Arc<PowerDisk>) -> Arc<dyn Disk> {
    disk
}
