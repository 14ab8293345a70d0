//! The power goes at any moment; nothing that was acknowledged is lost.
//!
//! Each seed is a few lives of a log, each ended by a power cut: while it serves, begins a segment,
//! removes old ones, or starts, then often twice in a row. What the next start finds is judged: it
//! is everything acknowledged, in order, and nothing that was not appended. The log is driven by
//! turns, so a seed always does the same: `CHASQUI_SEED=n` repeats one.

pub(crate) mod disk;
mod judge;
pub(crate) mod power;

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::engine::embedded::log::disk::Disk;
use storage::engine::embedded::log::{Drive, EmbeddedLog, LogOptions};
use storage::port::{Appending, Log, LogError, NewRecord, Offset, Partition, Reader};

use crate::setup::{EVENTS, SMALL, append, log_on, record, texts};
use disk::PowerDisk;
use judge::{Attempt, Known, PARTITIONS};
use power::{Fault, Power};

const SEEDS: u64 = 1_500;
const LIVES: u64 = 8;

/// At each of these the power must go often.
const DEMANDED: [&str; 15] = [
    "starting, create log",
    "starting, cut log",
    "starting, sync log",
    "starting, sync the names",
    "starting, write outline",
    "starting, sync origin",
    "starting, remove log",
    "serving, create log",
    "serving, write log",
    "serving, sync log",
    "serving, sync the names",
    "serving, write outline",
    "serving, write origin",
    "serving, sync origin",
    "serving, remove log",
];

/// How often the power went at what.
type Cuts = BTreeMap<String, usize>;

#[test]
fn f04_nothing_acknowledged_is_lost_by_a_power_cut() {
    let mut cuts = Cuts::new();
    for seed in seeds(SEEDS) {
        let run = Run::new(seed, Drive::Turns, None);
        run.lives(&mut cuts).unwrap_or_else(|broken| panic!("CHASQUI_SEED={seed}: {broken}"));
    }
    println!("power cuts: {cuts:#?}");
    if std::env::var_os("CHASQUI_SEED").is_none() {
        for what in DEMANDED {
            assert!(cuts.get(what).is_some_and(|count| *count >= 10), "{what} was hardly cut");
        }
    }
}

#[test]
fn nothing_is_lost_either_when_threads_write() {
    for seed in seeds(40) {
        let run = Run::new(seed, Drive::Threads, None);
        run.lives(&mut Cuts::new()).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

/// Each of these is a log that leaves out one sync: the seeds must find it.
#[test]
fn a_log_without_one_of_its_syncs_is_found_out() {
    for fault in Fault::ALL {
        let broken = |seed| {
            let what = Run::new(seed, Drive::Turns, Some(fault)).lives(&mut Cuts::new()).err()?;
            Some((seed, what))
        };
        let (seed, what) = (0..4 * SEEDS)
            .find_map(broken)
            .unwrap_or_else(|| panic!("{fault:?} passed as a good log in every seed"));
        println!("{fault:?} is found out by seed {seed}: {what}");
    }
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

/// One seed.
struct Run {
    power: Arc<Power>,
    disks: [Arc<PowerDisk>; 2],
    options: LogOptions,
    known: Known,
    /// How far each reader has come, whatever happens to the log.
    positions: BTreeMap<(Partition, Reader), Offset>,
    in_flight: Vec<(Vec<NewRecord>, Appending)>,
    attempts: Vec<Attempt>,
}

impl Run {
    fn new(seed: u64, drive: Drive, fault: Option<Fault>) -> Self {
        let power = Power::on(seed);
        fault.inspect(|fault| power.begin(*fault));
        let disks = [power.disk(), power.disk()];
        let options = LogOptions { drive, ..SMALL };
        let (in_flight, attempts) = (Vec::new(), Vec::new());
        let (known, positions) = (Known::default(), BTreeMap::new());
        Self { power, disks, options, known, positions, in_flight, attempts }
    }

    fn lives(mut self, cuts: &mut Cuts) -> Result<(), String> {
        for life in 0..LIVES {
            let at = |broken| format!("life {life}: {broken}");
            // Half of the cuts come soon: while the log starts.
            let most = [12, 120][self.power.random(2) as usize];
            self.power.cut_after(self.power.random(most));
            let did = if self.live(life).map_err(at)? { "serving" } else { "starting" };
            self.disks = self.disks.map(|disk| disk.after_cut());
            let at = self.power.restore().map_or("the end".to_owned(), |call| kind_of(&call));
            *cuts.entry(format!("{did}, {at}")).or_default() += 1;
        }
        self.start().map(drop).map_err(|broken| format!("the last start: {broken}"))
    }

    /// One life, to the moment when the power goes; whether it came to serve.
    fn live(&mut self, life: u64) -> Result<bool, String> {
        let log = match self.start() {
            Ok(log) => log,
            Err(_) if self.power.is_off() => return Ok(false),
            Err(broken) => return Err(broken),
        };
        for n in 0..30 {
            self.append(&log, (life, n));
            if self.power.random(3) == 0 {
                self.settle(&log);
                self.release(&log);
            }
        }
        self.settle(&log);
        Ok(true)
    }

    /// Opens the log and judges what is there.
    fn start(&mut self) -> Result<EmbeddedLog, String> {
        let log = log_on(self.disks.clone().map(as_disk), self.options)
            .map_err(|error| format!("it does not open: {error:?}"))?;
        self.power.spared(|| self.known.judge(&log, &self.attempts))?;
        self.attempts.clear();
        Ok(log)
    }

    /// Sizes are few, so that a new record often ends where a lost one did.
    fn append(&mut self, log: &EmbeddedLog, (life, n): (u64, u64)) {
        let one = |part| {
            let partition = PARTITIONS[self.power.random(4) as usize];
            let padding = "x".repeat([0, 0, 300, 900][self.power.random(4) as usize]);
            record(partition, &format!("{life} {n:02} {part} {padding}"))
        };
        let records: Vec<NewRecord> = (0..=self.power.random(4)).map(one).collect();
        self.in_flight.push((records.clone(), log.append(records)));
    }

    /// A reader gets on, perhaps.
    fn release(&mut self, log: &EmbeddedLog) {
        let partition = PARTITIONS[self.power.random(4) as usize];
        let end = self.power.spared(|| log.bounds(partition).unwrap().end);
        let readers = partition.topic.readers();
        for reader in readers {
            let at = self.positions.entry((partition, *reader)).or_default();
            *at += self.power.random(end - *at + 1);
            log.release(*reader, partition, *at);
        }
        let at = |reader: &Reader| self.positions[&(partition, *reader)];
        self.known.release(partition, readers.iter().map(at).min().unwrap_or_default());
        while log.turn() {}
    }

    fn settle(&mut self, log: &EmbeddedLog) {
        while log.turn() {}
        for (records, appending) in self.in_flight.drain(..) {
            let is_acknowledged = match appending.wait() {
                Ok(_) => true,
                Err(LogError::Failed { .. }) => false,
                Err(other) => panic!("{other}"),
            };
            self.attempts.push(Attempt { records, is_acknowledged });
        }
    }
}

/// The seeds to run: `CHASQUI_SEED` alone, if it is set.
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let one = std::env::var("CHASQUI_SEED").ok().map(|seed| seed.parse().unwrap());
    one.map_or(0..count, |seed: u64| seed..seed + 1)
}

/// A call without the numbers of its file: `write 0000000000000007.log` is `write log`.
fn kind_of(call: &str) -> String {
    let is_kept = |letter: &char| !letter.is_ascii_digit() && *letter != '.';
    call.chars().filter(is_kept).collect()
}

pub(crate) fn as_disk(disk: Arc<PowerDisk>) -> Arc<dyn Disk> {
    disk
}
