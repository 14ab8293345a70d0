use std::collections::VecDeque;

use model::limit;
use model::time::Timestamp;
use storage::port::{Log, LogError, Logged, Offset, Partition};

use super::Input;
use super::time::Standing;

/// One input partition of a lane, read ahead by a bounded piece.
#[derive(Debug)]
pub(crate) struct Source {
    partition: Partition,
    next: Offset,
    ahead: VecDeque<Logged>,
    read: Vec<Logged>,
    standing: Standing,
}

impl Source {
    /// `partition` from offset `next` on; what stands before was appended by `handled`.
    pub(crate) const fn new(partition: Partition, next: Offset, handled: Timestamp) -> Self {
        let standing = Standing::new(handled);
        Self { partition, next, ahead: VecDeque::new(), read: Vec::new(), standing }
    }

    /// Which partition.
    pub(crate) const fn partition(&self) -> Partition {
        self.partition
    }

    /// A turn begins: reads on if everything read so far was taken.
    pub(crate) fn fill(&mut self, log: &dyn Log) -> Result<(), LogError> {
        self.standing.at_end = false;
        if !self.ahead.is_empty() {
            return Ok(());
        }
        log.read(self.partition, self.next, limit::LANE_READ_BYTES, &mut self.read)?;
        self.next = self.read.last().map_or(self.next, |logged| logged.offset + 1);
        self.ahead.extend(self.read.drain(..));
        self.standing.at_end = log.bounds(self.partition)?.end <= self.next;
        Ok(())
    }

    /// The next record, which stays the next until it is passed.
    pub(crate) fn peek(&self) -> Option<Input> {
        self.ahead.front().map(|logged| Input::of(self.partition, logged.clone()))
    }

    /// The next record was handled.
    pub(crate) fn pass(&mut self) {
        if let Some(logged) = self.ahead.pop_front() {
            self.standing.handled = logged.at;
        }
    }

    /// How current it is.
    pub(crate) fn standing(&self) -> Standing {
        Standing { unread: self.ahead.front().map(|logged| logged.at), ..self.standing }
    }
}
