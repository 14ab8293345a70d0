//! What does the embedded log cost over the bare file under it?
//!
//! `append/log/<batch>`: one append of so many records of 300 bytes, answered when durable.
//! `append/raw/<batch>`: one write of as many bytes to a file, and fdatasync.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up is to stop")]

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::place::Place;
use model::time::SteadyClock;
use storage::engine::{EngineConfig, Engines, open};
use storage::port::{NewRecord, Partition, Topic};

const RECORD: [u8; 300] = [7; 300];
const BATCHES: [usize; 3] = [1, 64, 1_024];

fn log(data: &std::path::Path) -> Engines {
    let config = EngineConfig { data: data.to_path_buf(), ..EngineConfig::default() };
    let place = Place::new(1, 1).expect("one shard of one lane is lawful");
    open(&config, place, Arc::new(SteadyClock::start())).expect("the bench's log opens")
}

fn records(batch: usize) -> Vec<NewRecord> {
    let partition = Partition::new(Topic::Inbound, 0);
    let record = NewRecord { partition, bytes: bytes::Bytes::from_static(&RECORD) };
    vec![record; batch]
}

fn append(c: &mut Criterion) {
    let data = tempfile::tempdir().expect("a directory for the log");
    let engines = log(data.path());
    let mut raw = File::create(data.path().join("raw")).expect("a file to write to");
    let mut group = c.benchmark_group("append");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_millis(1_500));
    for batch in BATCHES {
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(format!("log/{batch}"), |b| {
            b.iter(|| engines.log.append(records(batch)).wait().expect("the log takes it"));
        });
        let bytes = RECORD.repeat(batch);
        group.bench_function(format!("raw/{batch}"), |b| {
            b.iter(|| {
                raw.write_all(&bytes).expect("the file takes it");
                raw.sync_data().expect("the file syncs");
            });
        });
    }
    group.finish();
    engines.close().expect("the log closes");
}

criterion_group!(benches, append);
criterion_main!(benches);
