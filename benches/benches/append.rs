//! What does the embedded log cost over the bare file under it?
//!
//! One line of JSON for each batch size: the median time of one append of so many records of 300
//! bytes, answered when durable, beside that of one write and fdatasync of the same bytes (frames
//! included) to a bare file. The two take turns, call by call, because a disk changes its mind
//! within seconds; `ratio` is bare over log: 1 would be a log that costs nothing.
//!
//! The last line is group commit: four threads that keep appends of one record in flight, 256
//! each, against bare writes of the group size that came of it.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops, and prints")]

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::place::Place;
use model::time::SteadyClock;
use storage::engine::{EngineConfig, Engines, open};
use storage::port::{Log, NewRecord, Partition, Topic};

const RECORD: [u8; 300] = [7; 300];
/// Of the log's frame around a record.
const FRAME_BYTES: usize = 33;
const BATCHES: [usize; 3] = [1, 64, 1_024];
const TIME: Duration = Duration::from_secs(4);
const THREADS: usize = 4;
const IN_FLIGHT: usize = 256;

fn log(data: &Path) -> Engines {
    let config = EngineConfig { data: data.to_path_buf(), ..EngineConfig::default() };
    let place = Place::new(1, 1).expect("one shard of one lane is lawful");
    open(&config, place, Arc::new(SteadyClock::start())).expect("the bench's log opens")
}

fn records(batch: usize) -> Vec<NewRecord> {
    let partition = Partition::new(Topic::Inbound, 0);
    let record = NewRecord { partition, bytes: bytes::Bytes::from_static(&RECORD) };
    vec![record; batch]
}

#[expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn bare(file: &mut File, records: usize) {
    let bytes = vec![7; records * (RECORD.len() + FRAME_BYTES)];
    file.write_all(&bytes).expect("the file takes it");
    file.sync_data().expect("the file syncs");
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64) * 1e6
}

fn in_turns(log: &dyn Log, file: &mut File, batch: usize) {
    let (mut of_log, mut of_bare, mut spent) = (Vec::new(), Vec::new(), Duration::ZERO);
    while spent < TIME {
        let batched = records(batch);
        let one = timed(|| drop(log.append(batched).wait().expect("the log takes it")));
        let other = timed(|| bare(file, batch));
        spent += one + other;
        of_log.push(one);
        of_bare.push(other);
    }
    let pairs = of_log.len();
    let (log_us, bare_us) = (median(&mut of_log), median(&mut of_bare));
    let ratio = bare_us / log_us;
    println!(
        "{{\"append\":{batch},\"pairs\":{pairs},\"log_us\":{log_us:.1},\"bare_us\":{bare_us:.1},\"ratio\":{ratio:.2}}}"
    );
}

/// One thread that keeps so many appends in flight; how many were answered.
fn producer(log: &dyn Log) -> usize {
    let (mut waiting, mut answered, mut spent) = (VecDeque::new(), 0, Duration::ZERO);
    while spent < TIME {
        spent += timed(|| {
            while waiting.len() < IN_FLIGHT {
                waiting.push_back(log.append(records(1)));
            }
            if let Some(append) = waiting.pop_front() {
                append.wait().expect("the log takes it");
                answered += 1;
            }
        });
    }
    for append in waiting {
        append.wait().expect("the log takes it");
    }
    answered
}

fn group_commit(log: &dyn Log, file: &mut File) {
    let answered: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| producer(log))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    });
    // As many records as are in flight are the largest group there can be.
    let group = THREADS * IN_FLIGHT;
    let (mut written, mut spent) = (0, Duration::ZERO);
    while spent < TIME {
        spent += timed(|| bare(file, group));
        written += group;
    }
    let rate = |records: usize| records as f64 / TIME.as_secs_f64();
    let ratio = rate(answered) / rate(written);
    println!(
        "{{\"in_flight\":{group},\"log_per_s\":{:.0},\"bare_per_s\":{:.0},\"ratio\":{ratio:.2}}}",
        rate(answered),
        rate(written)
    );
}

fn main() {
    let data = tempfile::tempdir_in(".").expect("a directory for the log");
    let engines = log(data.path());
    let mut file = File::create(data.path().join("bare")).expect("a file to write to");
    for batch in BATCHES {
        in_turns(engines.log.as_ref(), &mut file, batch);
    }
    group_commit(engines.log.as_ref(), &mut file);
    engines.close().expect("the log closes");
}
