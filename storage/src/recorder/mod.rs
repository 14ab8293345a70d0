//! Events into history, exactly once.
//!
//! One thread follows the `events` of every shard and writes what counts as rows of history, a
//! bounded step at a time. A step and the position after it are one atomic write, so a crash loses
//! both or neither; whatever goes wrong in between is mended by starting again at the position
//! history has. The recorder never moves a position past rows it did not write.

mod line;
mod projection;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use model::id::ShardId;
use model::place::Place;
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::port::{Bell, History, Log};
use line::{Line, Progress};

/// The recorder's thread.
pub struct Recorder {
    thread: io::Result<JoinHandle<Result<(), RecorderError>>>,
    health: Arc<Mutex<BTreeMap<ShardId, Health>>>,
}

/// How one shard's recording goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Durable records of the shard's `events` that are not in history yet.
    pub behind: u64,
    /// Why nothing more is recorded of the shard: a person must look.
    pub failed: Option<String>,
}

/// Why the recorder did not bring everything into history.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// Its thread could not be started.
    #[error("the recorder could not be started")]
    Start(#[source] io::Error),
    /// A shard's events were not brought into history.
    #[error("shard {} is not wholly in history: {what}", shard.get())]
    Shard {
        /// The first such shard.
        shard: ShardId,
        /// Why.
        what: String,
    },
    /// Its thread panicked.
    #[error("the recorder panicked")]
    Panicked,
}

/// Longest sleep between two looks at the stop signal.
const LOOK: Duration = Duration::from_millis(100);
/// The wait after the first failure; it doubles with each one after it.
const BACK_OFF_FIRST: Duration = Duration::from_millis(20);
/// The longest wait after a failure.
const BACK_OFF_MOST: Duration = Duration::from_secs(1);
/// Failures in a row after a stop before what is left is given up: the log keeps it.
const TRIES_AT_STOP: u32 = 8;

impl Recorder {
    /// Starts recording every shard of `place`. After `stop` says true it still records all that is
    /// durable in `events` by then, and ends.
    pub fn start(
        log: Arc<dyn Log>,
        history: Arc<dyn History>,
        place: Place,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let health = Arc::new(Mutex::default());
        let bell = Bell::new();
        let lines = place
            .each_shard()
            .map(|shard| Line::new(shard, Arc::clone(&log), Arc::clone(&history), &bell))
            .collect();
        let work = Work { lines, bell, stop, health: Arc::clone(&health), failures: 0 };
        let thread = std::thread::Builder::new().name("recorder".into()).spawn(|| work.run());
        Self { thread, health }
    }

    /// Whether its thread runs.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_ok_and(|thread| !thread.is_finished())
    }

    /// How each shard's recording goes, as of its last step.
    pub fn health(&self) -> BTreeMap<ShardId, Health> {
        self.health.lock().clone()
    }

    /// Durable records of all shards that are not in history yet.
    pub fn lag(&self) -> u64 {
        self.health.lock().values().map(|health| health.behind).sum()
    }

    /// Waits until the thread has ended: `Ok` when everything durable at the stop is in history.
    pub fn join(self) -> Result<(), RecorderError> {
        let thread = self.thread.map_err(RecorderError::Start)?;
        thread.join().unwrap_or(Err(RecorderError::Panicked))
    }
}

struct Work {
    lines: Vec<Line>,
    bell: Arc<Bell>,
    stop: watch::Receiver<bool>,
    health: Arc<Mutex<BTreeMap<ShardId, Health>>>,
    failures: u32,
}

impl Work {
    fn run(mut self) -> Result<(), RecorderError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(RecorderError::Start)?;
        loop {
            // Read before the pass: what was durable at the stop is seen by a pass after it.
            let stopping = *self.stop.borrow();
            match self.pass(&runtime) {
                Progress::Moved => self.failures = 0,
                Progress::Idle if stopping => return self.verdict(),
                Progress::Idle => {
                    self.failures = 0;
                    self.bell.wait(LOOK);
                }
                Progress::Failing if stopping && self.failures >= TRIES_AT_STOP => {
                    return self.verdict();
                }
                Progress::Failing => self.back_off(&runtime),
            }
        }
    }

    /// One step of every shard; the worst of what came of them.
    fn pass(&mut self, runtime: &Runtime) -> Progress {
        let mut worst = Progress::Idle;
        for line in &mut self.lines {
            worst = worst.max(runtime.block_on(line.advance()));
            self.health.lock().insert(line.shard(), line.health());
        }
        worst
    }

    fn back_off(&mut self, runtime: &Runtime) {
        let wait = BACK_OFF_FIRST.saturating_mul(1 << self.failures.min(10)).min(BACK_OFF_MOST);
        self.failures += 1;
        // Made inside the runtime: a sleep belongs to the one it is made in.
        runtime.block_on(async { tokio::time::sleep(wait).await });
    }

    fn verdict(&self) -> Result<(), RecorderError> {
        for line in &self.lines {
            let Health { behind, failed } = line.health();
            let what = match (failed, behind) {
                (Some(why), _) => why,
                (None, 0) => continue,
                (None, behind) => format!("{behind} records are left for the next start"),
            };
            return Err(RecorderError::Shard { shard: line.shard(), what });
        }
        Ok(())
    }
}
