//! Reading a shard's `events` as they count: decoded, in order, of the epoch in force.

use std::sync::Arc;
use std::time::Duration;

use model::desk::{Stamped, wire};
use model::fold::{EpochOrder, Verdict};
use model::id::ShardId;

use crate::port::{Bell, Log, LogError, Logged, Offset, Partition, Position, Topic};

/// A follower of one shard's `events`. It sees each record that counts once, and none that does
/// not: repeats, records of another epoch, what stands behind a gap, and kinds of a newer release
/// that may be skipped.
pub struct EventTail {
    log: Arc<dyn Log>,
    partition: Partition,
    bell: Arc<Bell>,
    order: EpochOrder,
    cursor: Offset,
    position: Position,
    in_gap: bool,
    read: Vec<Logged>,
}

/// A record that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Its place in the shard's `events`.
    pub offset: Offset,
    /// The record.
    pub stamped: Stamped,
}

/// Why a tail cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TailError {
    /// The log could not be read.
    #[error("{partition} could not be read")]
    Log {
        /// The partition.
        partition: Partition,
        /// What the log said.
        #[source]
        source: LogError,
    },
    /// A record is not one we can read: a person must look.
    #[error("the record at {partition}@{offset} cannot be read")]
    Undecodable {
        /// The partition.
        partition: Partition,
        /// The record's place.
        offset: Offset,
        /// What was wrong with it.
        #[source]
        source: wire::DecodeError,
    },
}

impl EventTail {
    /// Most bytes of the log one [`poll`](Self::poll) reads, unless a single record is larger.
    pub const POLL_BYTES: usize = 1024 * 1024;
    /// Most records one [`poll`](Self::poll) judges.
    pub const POLL_RECORDS: usize = 1_000;

    /// A tail of `shard` that goes on at `from`.
    pub fn new(log: Arc<dyn Log>, shard: ShardId, from: Position) -> Self {
        Self::with_bell(log, shard, from, Bell::new())
    }

    /// The same, woken by a bell its thread shares with its other tails.
    pub fn with_bell(log: Arc<dyn Log>, shard: ShardId, from: Position, bell: Arc<Bell>) -> Self {
        let partition = Partition::new(Topic::Events, u32::from(shard.get()));
        log.watch(partition, &bell);
        Self {
            log,
            partition,
            bell,
            order: EpochOrder::at(from.epoch, from.number),
            cursor: from.next,
            position: from,
            in_gap: false,
            read: Vec::new(),
        }
    }

    /// Reads the next records and adds those that count to `out`; how many were read, counting or
    /// not: 0 means the tail has caught up. Does not wait. After an error the tail stands before
    /// the record that caused it, and what counted before it is in `out`.
    pub fn poll(&mut self, out: &mut Vec<Applied>) -> Result<usize, TailError> {
        let mut read = std::mem::take(&mut self.read);
        read.clear();
        let (partition, from) = (self.partition, self.cursor);
        let result = self
            .log
            .read(partition, from, Self::POLL_BYTES, &mut read)
            .map_err(|source| TailError::Log { partition, source })
            .and_then(|()| self.judge_all(&read, out));
        self.read = read;
        result
    }

    /// The position after all that was polled: a tail started there sees what comes next. Inside a
    /// gap it stays before the gap, because a position cannot say that records are void until
    /// the next claim.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// How many durable records of the partition are not polled yet.
    pub fn behind(&self) -> Result<u64, LogError> {
        Ok(self.log.bounds(self.partition)?.end.saturating_sub(self.cursor))
    }

    /// Sleeps until the partition grows, at most for `most`.
    pub fn wait(&self, most: Duration) {
        self.bell.wait(most);
    }

    fn judge_all(&mut self, read: &[Logged], out: &mut Vec<Applied>) -> Result<usize, TailError> {
        let taken = read.len().min(Self::POLL_RECORDS);
        for logged in read.iter().take(taken) {
            let (partition, offset) = (self.partition, logged.offset);
            let undecodable = |source| TailError::Undecodable { partition, offset, source };
            let (verdict, stamped) = self.order.read(&logged.bytes).map_err(undecodable)?;
            self.pass(offset, verdict);
            let counting = stamped.filter(|_| verdict == Verdict::Apply);
            out.extend(counting.map(|stamped| Applied { offset, stamped }));
        }
        Ok(taken)
    }

    fn pass(&mut self, offset: Offset, verdict: Verdict) {
        self.in_gap = match verdict {
            Verdict::Gap => true,
            Verdict::Apply => false,
            Verdict::Void | Verdict::Repeat => self.in_gap,
        };
        self.cursor = offset + 1;
        if !self.in_gap {
            let (epoch, number) = (self.order.epoch(), self.order.last());
            self.position = Position { next: self.cursor, epoch, number };
        }
    }
}
