use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, Envelope, Record, Stamped, wire};
use model::id::ShardId;
use model::limit;
use model::time::Clock;
use parking_lot::Mutex;
use storage::port::{Appending, Bell, Log, LogError, NewRecord, Partition, Topic};

use crate::lane::LaneError;

/// A shard's one way into `events`: lanes hand their batches over one at a time, and their
/// records are numbered densely from the claim in the order they were handed over.
///
/// A batch that the log refuses as full is tried again before any other: nobody overtakes.
pub struct Appender {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    partition: Partition,
    epoch: u32,
    numbering: Mutex<Numbering>,
    closing: Arc<Bell>,
}

/// What comes next, or that nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbering {
    Next(u64),
    Closed,
}

impl Appender {
    /// The shortest wait between two tries of a batch.
    const RETRY_WAIT_LEAST: Duration = Duration::from_millis(1);

    /// The appender of an owner whose claim began `epoch`.
    pub(crate) fn new(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        shard: ShardId,
        epoch: u32,
    ) -> Self {
        Self {
            log,
            clock,
            partition: Partition::new(Topic::Events, u32::from(shard.get())),
            epoch,
            numbering: Mutex::new(Numbering::Next(1)),
            closing: Bell::new(),
        }
    }

    /// Hands `records` over, in order and together. They are durable when the answer says so.
    ///
    /// # Errors
    /// [`LaneError::Ended`] once it is closed, [`LaneError::Append`] when the log failed at once.
    pub fn append(&self, records: Vec<Record>) -> Result<Appending, LaneError> {
        let mut numbering = self.numbering.lock();
        let Numbering::Next(first) = *numbering else { return Err(LaneError::Ended) };
        let envelope = Envelope { epoch: self.epoch, ..Envelope::of_input(self.clock.now()) };
        let stamped = |(number, record)| Stamped {
            envelope: Envelope { number, ..envelope },
            body: Body::Record(record),
        };
        let next = first + records.len() as u64;
        let batch: Vec<_> = (first..)
            .zip(records)
            .map(stamped)
            .map(|stamped| NewRecord { partition: self.partition, bytes: wire::encode(&stamped) })
            .collect();
        let appending = self.try_until_taken(&batch);
        *numbering = if appending.is_ok() { Numbering::Next(next) } else { Numbering::Closed };
        appending
    }

    /// Makes `records` of another topic durable.
    pub(crate) fn append_elsewhere(&self, records: Vec<NewRecord>) -> Result<(), LaneError> {
        self.try_until_taken(&records)?.wait().map(drop).map_err(LaneError::Append)
    }

    /// Takes nothing more: the shard is ending.
    pub(crate) fn close(&self) {
        self.closing.ring();
        *self.numbering.lock() = Numbering::Closed;
    }

    /// Appends as soon as the log has room. The wait for it is cut short by [`Self::close`].
    fn try_until_taken(&self, batch: &[NewRecord]) -> Result<Appending, LaneError> {
        let mut wait = Self::RETRY_WAIT_LEAST;
        loop {
            let mut appending = self.log.append(batch.to_vec());
            match appending.try_answer() {
                Some(Err(LogError::Full { .. })) => {}
                Some(Err(error)) => return Err(LaneError::Append(error)),
                Some(Ok(offsets)) => return Ok(Appending::answered(Ok(offsets))),
                None => return Ok(appending),
            }
            if self.closing.wait(wait) {
                self.closing.ring();
                return Err(LaneError::Ended);
            }
            wait = (2 * wait).min(limit::APPEND_RETRY_WAIT);
        }
    }
}
