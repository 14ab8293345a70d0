use std::sync::Arc;

use model::desk::Body;
use model::fold::{EpochOrder, Verdict};
use model::limit;
use model::mutant::{Mutant, wrong};
use storage::port::{Log, Logged, Offset, Partition};

use super::TenureError;

/// The owner's look at its own `events`: has somebody else become the owner?
pub struct EventWatch {
    log: Arc<dyn Log>,
    partition: Partition,
    next: Offset,
    order: EpochOrder,
}

/// A sign in the log that an owner is one no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omen {
    /// Another's claim is in force.
    Claimed {
        /// The epoch it began.
        epoch: u32,
    },
    /// A record is missing before this one: an append was lost.
    Gap,
}

impl EventWatch {
    /// Pieces of [`limit::LANE_READ_BYTES`] read in one look.
    const PIECES: usize = 16;

    /// Watches `partition` from just after the own claim, which began `epoch`.
    pub(crate) fn new(log: Arc<dyn Log>, partition: Partition, next: Offset, epoch: u32) -> Self {
        Self { log, partition, next, order: EpochOrder::at(epoch, 0) }
    }

    /// Reads on, a bounded number of pieces; the first sign that was found in them.
    ///
    /// # Errors
    /// When the partition cannot be read.
    pub fn look(&mut self) -> Result<Option<Omen>, TenureError> {
        let mut read = Vec::new();
        if wrong(Mutant::OmenIgnored) {
            return Ok(None);
        }
        for _ in 0..Self::PIECES {
            self.log
                .read(self.partition, self.next, limit::LANE_READ_BYTES, &mut read)
                .map_err(TenureError::Log)?;
            if read.is_empty() {
                return Ok(None);
            }
            for logged in read.drain(..) {
                if let Some(omen) = self.judge(&logged)? {
                    return Ok(Some(omen));
                }
            }
        }
        Ok(None)
    }

    fn judge(&mut self, logged: &Logged) -> Result<Option<Omen>, TenureError> {
        let (partition, offset) = (self.partition, logged.offset);
        let undecodable = |source| TenureError::Undecodable { partition, offset, source };
        let (verdict, stamped) = self.order.read(&logged.bytes).map_err(undecodable)?;
        self.next = offset + 1;
        Ok(match (verdict, stamped.map(|stamped| stamped.body)) {
            (Verdict::Gap, _) => Some(Omen::Gap),
            (Verdict::Apply, Some(Body::Claimed(claim))) => {
                Some(Omen::Claimed { epoch: claim.epoch })
            }
            _ => None,
        })
    }
}
