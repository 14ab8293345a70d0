//! A log that misbehaves on request: every answer the port allows, at a chosen moment.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use storage::port::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Topic,
};

/// What happens to the next append to `events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused as full, this many times.
    Full(u32),
    /// It is refused as full, but late, which no log may.
    FullLate,
    /// It is not written, and says so at once.
    Lost,
    /// It is not written, and says so late.
    LostLate,
    /// It is written, but its answer says that it may not have been.
    Unknown,
    /// It is written, but its answer comes only when asked for.
    Slow,
}

/// Called just before each append to `events`.
type Witness = Box<dyn Fn() + Send>;

/// An answer that was not sent yet.
type Late = (AppendAnswer, Result<Vec<Offset>, LogError>);

/// Another log with at most one [`Fault`] to come.
pub(crate) struct FaultyLog {
    inner: Box<dyn Log>,
    fault: Mutex<Option<Fault>>,
    witness: Mutex<Option<Witness>>,
    held: Mutex<Vec<Late>>,
}

impl FaultyLog {
    pub(crate) fn new(inner: Box<dyn Log>) -> Self {
        Self { inner, fault: Mutex::new(None), witness: Mutex::new(None), held: Mutex::default() }
    }

    /// The next append to `events` misbehaves.
    pub(crate) fn break_next(&self, fault: Fault) {
        *self.fault.lock() = Some(fault);
    }

    /// Has `look` called just before each append to `events`.
    pub(crate) fn watch_appends(&self, look: impl Fn() + Send + 'static) {
        *self.witness.lock() = Some(Box::new(look));
    }

    /// No fault is to come any more.
    pub(crate) fn mend(&self) {
        *self.fault.lock() = None;
    }

    /// Whether the fault is still to come.
    pub(crate) fn is_armed(&self) -> bool {
        self.fault.lock().is_some()
    }

    /// Sends the answers that are late.
    pub(crate) fn answer_late(&self) {
        for (answer, result) in self.held.lock().drain(..) {
            drop(answer.send(result));
        }
    }

    fn next_fault(&self, records: &[NewRecord]) -> Option<Fault> {
        if records.iter().all(|record| record.partition.topic != Topic::Events) {
            return None;
        }
        self.witness.lock().iter().for_each(|look| look());
        let mut fault = self.fault.lock();
        match *fault {
            Some(Fault::Full(times)) if times > 1 => fault.replace(Fault::Full(times - 1)),
            Some(Fault::Slow) => *fault,
            _ => fault.take(),
        }
    }

    fn hold(&self, result: Result<Vec<Offset>, LogError>) -> Appending {
        let (answer, appending) = Appending::new();
        self.held.lock().push((answer, result));
        appending
    }
}

impl Log for FaultyLog {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        match self.next_fault(&records) {
            None => self.inner.append(records),
            Some(Fault::Full(_)) => Appending::answered(Err(LogError::Full { what: "a test" })),
            Some(Fault::FullLate) => self.hold(Err(LogError::Full { what: "a test" })),
            Some(Fault::Lost) => Appending::answered(Err(failed())),
            Some(Fault::LostLate) => self.hold(Err(failed())),
            Some(Fault::Unknown) => {
                self.inner.append(records).wait().unwrap();
                self.hold(Err(failed()))
            }
            Some(Fault::Slow) => self.hold(self.inner.append(records).wait()),
        }
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.inner.read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.inner.bounds(partition)
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.inner.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.inner.health()
    }
}

fn failed() -> LogError {
    LogError::Failed { source: Arc::new(std::io::Error::other("a test")) }
}
