use bytes::Bytes;
use model::desk::{Body, Cause, Dead, DeadReason, Resume, wire};
use model::limit;
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;
use storage::port::{Logged, Offset, Partition, Topic};

use crate::conversation::Refusal;

use super::suspect::InputPlace;

/// One record of one of a lane's input partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it stands.
    pub partition: Partition,
    /// Its offset there.
    pub offset: Offset,
    /// When it was appended.
    pub at: Timestamp,
    /// The record.
    pub bytes: Bytes,
}

impl Input {
    /// Room that a record of `dead` needs beside the bytes.
    const DEAD_MARGIN_BYTES: usize = 4 * 1024;

    /// A record read from `partition`.
    pub fn of(partition: Partition, logged: Logged) -> Self {
        let Logged { offset, at, bytes } = logged;
        Self { partition, offset, at, bytes }
    }

    /// Where it stands.
    pub(crate) const fn place(&self) -> InputPlace {
        (self.partition, self.offset)
    }

    /// What a record it causes names as its cause, and from where its partition is resumed once
    /// it is handled; `None` where the partition is not an input of lanes.
    pub fn cause(&self) -> Option<(Cause, Resume)> {
        let (offset, next) =
            (self.offset, self.offset + 1 + u64::from(wrong(Mutant::ResumePastNext)));
        match self.partition.topic {
            Topic::Inbound => Some((Cause::Inbound(offset), Resume::Inbound(next))),
            Topic::Commands => Some((Cause::Command(offset), Resume::Command(next))),
            Topic::Control => Some((Cause::Control(offset), Resume::Control(next))),
            Topic::Settings => Some((Cause::Settings(offset), Resume::Settings(next))),
            Topic::Events | Topic::Dead => None,
        }
    }

    /// What it says.
    pub(crate) fn read(&self) -> Result<Body, Refusal> {
        if self.bytes.len() > limit::INPUT_BYTES {
            let most = limit::INPUT_BYTES;
            let detail = format!("{} bytes, where a lane takes {most}", self.bytes.len());
            return Err(Refusal::undecodable(detail));
        }
        let stamped =
            wire::decode(&self.bytes).map_err(|error| Refusal::undecodable(error.to_string()))?;
        match stamped.envelope.key {
            0 => Ok(stamped.body),
            key => Err(Refusal::undecodable(format!("it is sealed with key {key}"))),
        }
    }

    /// The record of `dead` that keeps it. Bytes that would not fit are cut: the whole input
    /// still stands where it came from.
    pub(crate) fn bury(&self, reason: DeadReason, detail: String) -> Dead {
        let most = limit::RECORD_BYTES - Self::DEAD_MARGIN_BYTES;
        Dead {
            reason,
            origin: format!("{}@{}", self.partition, self.offset),
            detail: detail.chars().take(512).collect(),
            bytes: self.bytes.slice(..self.bytes.len().min(most)),
        }
    }
}
