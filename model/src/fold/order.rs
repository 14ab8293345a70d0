use bytes::Bytes;

use crate::desk::wire::{self, DecodeError};
use crate::desk::{Body, Envelope, Stamped};
use crate::mutant::{Mutant, wrong};

/// Which records of an `events` partition count: those of the epoch in force, in the dense order
/// of their numbers. Every reader of `events` holds one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochOrder {
    epoch: u32,
    last: u64,
    gap: bool,
}

/// What a reader does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Apply,
    /// It was already seen: an append that was tried twice.
    Repeat,
    /// It is of another epoch, or a claim that does not follow: nothing changes.
    Void,
    /// A number is missing before it: void until the next claim, and the owner ends the shard.
    Gap,
}

impl EpochOrder {
    /// A reader that has seen everything up to number `last` of `epoch`.
    pub const fn at(epoch: u32, last: u64) -> Self {
        Self { epoch, last, gap: false }
    }

    /// The epoch in force; 0 before the first claim.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The number of the last record that counted in this epoch.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Judges the next record of the partition and, if it counts, moves on past it.
    pub fn judge(&mut self, record: &Stamped) -> Verdict {
        match &record.body {
            Body::Claimed(claim) => self.claim(claim.epoch),
            _ => self.pass(&record.envelope),
        }
    }

    /// Reads the next record of the partition from its bytes and judges it. There is no record when
    /// this release does not know its kind and may skip it: its place in the order counts all the
    /// same, and the next one follows it.
    ///
    /// # Errors
    /// As [`wire::decode`]; then nothing was judged.
    pub fn read(&mut self, bytes: &Bytes) -> Result<(Verdict, Option<Stamped>), DecodeError> {
        match wire::decode(bytes) {
            Ok(stamped) => Ok((self.judge(&stamped), Some(stamped))),
            Err(DecodeError::Skippable { envelope, .. }) => Ok((self.pass(&envelope), None)),
            Err(error) => Err(error),
        }
    }

    /// Judges a record by its envelope alone: one whose body this release may skip still has its
    /// place in the order, and the next one follows it.
    pub fn pass(&mut self, envelope: &Envelope) -> Verdict {
        if wrong(Mutant::EpochIgnored) && envelope.epoch < self.epoch {
            return Verdict::Apply;
        }
        if envelope.epoch != self.epoch || self.gap {
            return Verdict::Void;
        }
        if envelope.number <= self.last {
            let again = wrong(Mutant::RepeatApplied) && envelope.number > 0;
            return if again { Verdict::Apply } else { Verdict::Repeat };
        }
        if envelope.number - self.last > 1 && !wrong(Mutant::GapAccepted) {
            self.gap = true;
            return Verdict::Gap;
        }
        self.last = envelope.number;
        Verdict::Apply
    }

    fn claim(&mut self, epoch: u32) -> Verdict {
        if self.epoch.checked_add(1) != Some(epoch) {
            return Verdict::Void;
        }
        *self = Self::at(epoch, 0);
        Verdict::Apply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::{Cause, Claimed, Record};
    use crate::id::LaneId;
    use crate::time::Timestamp;

    fn record(epoch: u32, number: u64) -> Stamped {
        let at = Timestamp::default();
        let record = Record {
            lane: LaneId::FIRST,
            cause: Cause::Inbound(number),
            answers: None,
            resume: Vec::new(),
            at,
            input_at: None,
            events: Vec::new(),
        };
        let envelope = Envelope { epoch, number, ..Envelope::of_input(at) };
        Stamped { envelope, body: Body::Record(record) }
    }

    fn claim(epoch: u32) -> Stamped {
        let envelope = Envelope { epoch, ..Envelope::of_input(Timestamp::default()) };
        Stamped { envelope, body: Body::Claimed(Claimed { epoch, attempt: 1 }) }
    }

    #[test]
    fn only_the_epoch_in_force_counts_and_only_in_order() {
        let mut order = EpochOrder::default();
        let script = [
            (record(0, 0), Verdict::Repeat),
            (claim(2), Verdict::Void),
            (claim(1), Verdict::Apply),
            (claim(1), Verdict::Void),
            (record(1, 1), Verdict::Apply),
            (record(1, 1), Verdict::Repeat),
            (record(1, 2), Verdict::Apply),
            (claim(2), Verdict::Apply),
            (record(1, 3), Verdict::Void),
            (record(2, 2), Verdict::Gap),
            (record(2, 1), Verdict::Void),
            (claim(3), Verdict::Apply),
            (record(3, 1), Verdict::Apply),
        ];
        for (i, (stamped, want)) in script.iter().enumerate() {
            assert_eq!(order.judge(stamped), *want, "step {i}");
        }
        assert_eq!((order.epoch(), order.last()), (3, 1));
    }
}
