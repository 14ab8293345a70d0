//! How fast is a log read back, against reading and checksumming the same files?
//!
//! One line of JSON: records of 300 bytes a second through `Log::read`, 1 MiB at a time, after a
//! restart, beside a bare read with CRC-32C of the segments' bytes in pieces of 128 KiB. The files
//! are in the page cache for both. The two take turns; the best round of each counts. `start_ms` is
//! the start before it, with all stores.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops, and prints")]

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::place::Place;
use model::time::SteadyClock;
use storage::engine::{EngineConfig, Engines, open};
use storage::port::{Log, NewRecord, Partition, Topic};

const RECORDS: u64 = 1_000_000;
const RECORD: [u8; 300] = [7; 300];
const APPEND: usize = 4_096;
const READ_BYTES: usize = 1024 * 1024;
const PIECE_BYTES: usize = 128 * 1024;
const ROUNDS: usize = 7;
const EVENTS: Partition = Partition::new(Topic::Events, 0);

fn log(data: &Path) -> Engines {
    let config = EngineConfig { data: data.to_path_buf(), ..EngineConfig::default() };
    let place = Place::new(1, 1).expect("one shard of one lane is lawful");
    open(&config, place, Arc::new(SteadyClock::start())).expect("the bench's log opens")
}

fn write(log: &dyn Log) {
    let record = NewRecord { partition: EVENTS, bytes: bytes::Bytes::from_static(&RECORD) };
    let mut written = 0;
    while written < RECORDS {
        let records = vec![record.clone(); APPEND];
        written += records.len() as u64;
        log.append(records).wait().expect("the log takes it");
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn replay(log: &dyn Log) {
    let (mut next, mut out) = (0, Vec::new());
    while next < RECORDS {
        out.clear();
        log.read(EVENTS, next, READ_BYTES, &mut out).expect("the log reads");
        next += out.len() as u64;
    }
}

/// Reads every segment as bytes; a checksum nobody may optimise away.
fn bare(directory: &Path) -> u32 {
    let mut crc = 0;
    let mut piece = vec![0; PIECE_BYTES];
    for entry in directory.read_dir().expect("the log's directory") {
        let mut file = File::open(entry.expect("a segment").path()).expect("it opens");
        loop {
            let got = file.read(&mut piece).expect("it reads");
            if got == 0 {
                break;
            }
            crc = crc32c::crc32c_append(crc, piece.get(..got).unwrap_or_default());
        }
    }
    crc
}

fn main() {
    let data = tempfile::tempdir_in(".").expect("a directory for the log");
    let engines = log(data.path());
    write(engines.log.as_ref());
    engines.close().expect("the log closes");

    let mut reopened = None;
    let start = timed(|| reopened = Some(log(data.path())));
    let engines = reopened.expect("it was opened");
    let (mut of_log, mut of_bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        of_log = of_log.min(timed(|| replay(engines.log.as_ref())));
        let directory = data.path().join("log");
        of_bare = of_bare.min(timed(|| {
            std::hint::black_box(bare(&directory));
        }));
    }
    let rate = |time: Duration| RECORDS as f64 / time.as_secs_f64();
    let ratio = of_bare.as_secs_f64() / of_log.as_secs_f64();
    let start_ms = start.as_secs_f64() * 1e3;
    println!(
        "{{\"records\":{RECORDS},\"log_per_s\":{:.0},\"bare_per_s\":{:.0},\"ratio\":{ratio:.2},\"start_ms\":{start_ms:.1}}}",
        rate(of_log),
        rate(of_bare)
    );
    engines.close().expect("the log closes");
}
