//! What several modules open, append and read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::time::{Clock, SteadyClock};
use storage::engine::embedded::log::disk::{Disk, RealDisk};
use storage::engine::embedded::log::{Drive, EmbeddedLog, Home, LogOptions};
use storage::engine::embedded::space::{FreeSpace, Space};
use storage::engine::{self, EngineConfig, EngineKind, Engines, OpenError};
use storage::port::{Answer, Log, LogError, Logged, NewRecord, Offset, Partition, Topic};
use storage::suite;

/// Small segments and hardly anything in memory, so that a test meets every path soon.
pub(crate) const SMALL: LogOptions = LogOptions {
    segment_bytes: 4_096,
    linger: Duration::ZERO,
    memory_bytes: 1_024,
    drive: Drive::Threads,
};

pub(crate) const EVENTS: Partition = Partition::new(Topic::Events, 1);
pub(crate) const INBOUND: Partition = Partition::new(Topic::Inbound, 2);

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SteadyClock::start())
}

pub(crate) fn memory() -> Engines {
    let config = EngineConfig { engine: EngineKind::Memory, ..EngineConfig::default() };
    engine::open(&config, suite::place(), clock()).unwrap()
}

pub(crate) fn config(data: &Path) -> EngineConfig {
    EngineConfig {
        engine: EngineKind::Embedded,
        data: data.join("data"),
        segment_bytes: EngineConfig::SEGMENT_LEAST,
        ..EngineConfig::default()
    }
}

pub(crate) fn embedded(data: &Path) -> Result<Engines, OpenError> {
    engine::open(&config(data), suite::place(), clock())
}

/// An embedded log whose both halves are in `directory`.
pub(crate) fn small_log(directory: &Path) -> Result<EmbeddedLog, LogError> {
    let disk = |name: &str| -> Arc<dyn Disk> {
        let path = directory.join(name);
        std::fs::create_dir_all(&path).unwrap();
        Arc::new(RealDisk::new(path))
    };
    log_on([disk("flowing"), disk("kept")], SMALL)
}

pub(crate) fn log_on(
    [flowing, kept]: [Arc<dyn Disk>; 2],
    options: LogOptions,
) -> Result<EmbeddedLog, LogError> {
    let home = |disk| Home { disk, space: plenty() };
    EmbeddedLog::open((home(flowing), home(kept)), suite::place(), clock(), options)
}

pub(crate) fn plenty() -> FreeSpace {
    Box::new(|| Ok(Space { free_bytes: u64::MAX, total_bytes: u64::MAX }))
}

pub(crate) fn record(partition: Partition, text: &str) -> NewRecord {
    NewRecord { partition, bytes: text.to_owned().into() }
}

/// Appends one record and waits until it is durable.
pub(crate) fn append(
    log: &dyn Log,
    partition: Partition,
    text: &str,
) -> Result<Vec<Offset>, LogError> {
    log.append(vec![record(partition, text)]).wait()
}

/// Every record of a partition, in reads of at most `max_bytes`.
pub(crate) fn read_all(log: &dyn Log, partition: Partition, max_bytes: usize) -> Vec<Logged> {
    let mut out: Vec<Logged> = Vec::new();
    loop {
        let had = out.len();
        log.read(partition, had as Offset, max_bytes, &mut out).unwrap();
        if out.len() == had {
            return out;
        }
    }
}

/// The same, as texts.
pub(crate) fn texts(log: &dyn Log, partition: Partition) -> Vec<String> {
    let text = |logged: Logged| String::from_utf8(logged.bytes.to_vec()).unwrap();
    read_all(log, partition, 1 << 16).into_iter().map(text).collect()
}

/// Waits for an answer on this thread.
pub(crate) fn now<T>(answer: Answer<'_, T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(answer).unwrap()
}
