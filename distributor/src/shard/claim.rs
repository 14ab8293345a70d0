use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::desk::{Body, Cause, Claimed, Envelope, Event, Record, Stamped, wire};
use model::fold::{self, Verdict};
use model::id::LaneId;
use model::limit;
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;
use storage::port::{Log, Logged, NewRecord, Offset, Partition};

use super::TenureError;

/// A shard's `events`, folded.
pub(crate) struct Folded {
    pub(crate) shard: fold::Shard,
    /// The next offset to fold.
    pub(crate) next: Offset,
    /// How far each lane's clocks had come.
    pub(crate) clocks: BTreeMap<LaneId, Clocks>,
    /// Offsets in `settings` of what was put to `dead`: it is not in force, whatever it says.
    pub(crate) refused_settings: BTreeSet<Offset>,
    log: Arc<dyn Log>,
    partition: Partition,
}

/// What a lane must not fall behind again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// The greatest lane time it wrote.
    pub(crate) last: Timestamp,
    /// The greatest key it queued by, in microseconds.
    pub(crate) stamp: i64,
}

impl Folded {
    pub(crate) fn new(log: Arc<dyn Log>, partition: Partition) -> Self {
        let (shard, clocks) = (fold::Shard::default(), BTreeMap::new());
        Self { shard, next: 0, clocks, refused_settings: BTreeSet::new(), log, partition }
    }

    /// Takes the shard: folds everything, claims the next epoch, and folds up to exactly the own
    /// claim. He who reads another's valid claim first has lost.
    pub(crate) fn claim(&mut self, attempt: u128, at: Timestamp) -> Result<u32, TenureError> {
        self.fold_until(|_| false)?;
        let claim = Claimed { epoch: self.shard.order.epoch() + 1, attempt };
        self.append(claim, at)?;
        if wrong(Mutant::ClaimUnread) {
            return Ok(claim.epoch);
        }
        let read = self.fold_until(|claimed| claimed.epoch == claim.epoch)?;
        match read {
            Some(read) if read == claim || wrong(Mutant::ClaimByEpoch) => Ok(claim.epoch),
            _ => Err(TenureError::Lost { epoch: claim.epoch }),
        }
    }

    fn append(&self, claim: Claimed, at: Timestamp) -> Result<(), TenureError> {
        let envelope = Envelope { epoch: claim.epoch, ..Envelope::of_input(at) };
        let bytes = wire::encode(&Stamped { envelope, body: Body::Claimed(claim) });
        let record = NewRecord { partition: self.partition, bytes };
        self.log.append(vec![record]).wait().map(drop).map_err(TenureError::Log)
    }

    /// Folds on until a valid claim that `stop` names, or the end.
    fn fold_until(
        &mut self,
        stop: impl Fn(&Claimed) -> bool,
    ) -> Result<Option<Claimed>, TenureError> {
        let mut read = Vec::new();
        loop {
            self.log
                .read(self.partition, self.next, limit::LANE_READ_BYTES, &mut read)
                .map_err(TenureError::Log)?;
            if read.is_empty() {
                return Ok(None);
            }
            for logged in read.drain(..) {
                let claimed = self.fold(&logged)?;
                if let Some(claimed) = claimed.filter(|claimed| stop(claimed)) {
                    return Ok(Some(claimed));
                }
            }
        }
    }

    /// Folds one record; the claim, if it is a valid one.
    fn fold(&mut self, logged: &Logged) -> Result<Option<Claimed>, TenureError> {
        let (partition, offset) = (self.partition, logged.offset);
        let undecodable = |source| TenureError::Undecodable { partition, offset, source };
        let (verdict, stamped) = self.shard.read(&logged.bytes).map_err(undecodable)?;
        self.next = offset + 1;
        match stamped.filter(|_| verdict == Verdict::Apply).map(|stamped| stamped.body) {
            Some(Body::Claimed(claimed)) => Ok(Some(claimed)),
            Some(Body::Record(record)) => {
                self.clocks.entry(record.lane).or_default().pass(&record);
                self.refused_settings.extend(refused_setting(&record));
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// The offset in `settings` of an entity that this record refused.
fn refused_setting(record: &Record) -> Option<Offset> {
    let refused = |event: &Event| matches!(event, Event::InputRefused { .. });
    match record.cause {
        Cause::Settings(offset) => record.events.iter().any(refused).then_some(offset),
        _ => None,
    }
}

impl Clocks {
    /// What a wrong recovery would not know.
    pub(crate) fn forget(&mut self) {
        if wrong(Mutant::LaneTimeForgotten) {
            self.last = Timestamp::default();
        }
        if wrong(Mutant::StampForgotten) {
            self.stamp = 0;
        }
    }

    fn pass(&mut self, record: &Record) {
        self.last = self.last.max(record.at);
        let keys = record.events.iter().filter_map(|event| match event {
            Event::Queued(queued) => Some(queued.key),
            _ => None,
        });
        self.stamp = keys.fold(self.stamp, i64::max);
    }
}
