//! What a shard's owner writes: records with what they came from, and claims.

use bytes::Bytes;
use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_variant};
use super::proto_event::Event;
use crate::desk;
use crate::desk::Sweep;
use crate::id::{CommandId, UserId};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Record {
    #[prost(uint32, tag = "1")]
    pub(super) lane: u32,
    #[prost(message, required, tag = "2")]
    pub(super) cause: Cause,
    #[prost(message, optional, tag = "3")]
    pub(super) answers: Option<Answers>,
    #[prost(message, repeated, tag = "4")]
    pub(super) resume: Vec<Resume>,
    #[prost(sfixed64, tag = "5")]
    pub(super) at: i64,
    #[prost(message, repeated, tag = "6")]
    pub(super) events: Vec<Event>,
    #[prost(sfixed64, optional, tag = "7")]
    pub(super) input_at: Option<i64>,
}

impl Wire for desk::Record {
    type Form = Record;

    fn to_wire(&self) -> Record {
        Record {
            lane: self.lane.to_wire(),
            cause: self.cause.to_wire(),
            answers: self.answers.to_wire(),
            resume: self.resume.to_wire(),
            at: self.at.to_wire(),
            events: self.events.to_wire(),
            input_at: self.input_at.to_wire(),
        }
    }

    /// Events of a newer release that may be skipped are left out.
    fn from_wire(mut form: Record) -> Result<Self, DecodeError> {
        form.events.retain(|event| event.kind.is_some() || !event.skippable);
        Ok(Self {
            lane: Wire::from_wire(form.lane)?,
            cause: Wire::from_wire(form.cause)?,
            answers: Wire::from_wire(form.answers)?,
            resume: Wire::from_wire(form.resume)?,
            at: Wire::from_wire(form.at)?,
            events: Wire::from_wire(form.events)?,
            input_at: Wire::from_wire(form.input_at)?,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Answers {
    #[prost(uint32, tag = "1")]
    pub(super) user: u32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) command: Bytes,
}

impl Wire for (UserId, CommandId) {
    type Form = Answers;

    fn to_wire(&self) -> Answers {
        Answers { user: self.0.to_wire(), command: self.1.to_wire() }
    }

    fn from_wire(form: Answers) -> Result<Self, DecodeError> {
        Ok((Wire::from_wire(form.user)?, Wire::from_wire(form.command)?))
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Cause {
    #[prost(oneof = "CauseKind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    pub(super) kind: Option<CauseKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum CauseKind {
    #[prost(uint64, tag = "1")]
    Inbound(u64),
    #[prost(uint64, tag = "2")]
    Command(u64),
    #[prost(uint64, tag = "3")]
    Control(u64),
    #[prost(uint64, tag = "4")]
    Settings(u64),
    #[prost(fixed64, tag = "5")]
    HandOver(u64),
    #[prost(int32, tag = "6")]
    Sweep(i32),
    #[prost(message, tag = "7")]
    Timer(Timer),
    #[prost(message, tag = "8")]
    Absence(Absence),
    #[prost(message, tag = "9")]
    GroupClosed(GroupClosed),
}

/// The one sweep without a cursor, by its number.
const RECOVERY: i32 = 1;

/// Sweeps with a cursor stand beside the one that has none, each with a tag of its own.
impl Wire for desk::Cause {
    type Form = Cause;

    fn to_wire(&self) -> Cause {
        let kind = match self {
            Self::Inbound(offset) => CauseKind::Inbound(*offset),
            Self::Command(offset) => CauseKind::Command(*offset),
            Self::Control(offset) => CauseKind::Control(*offset),
            Self::Settings(offset) => CauseKind::Settings(*offset),
            Self::HandOver(conversation) => CauseKind::HandOver(conversation.to_wire()),
            Self::Timer(timer) => CauseKind::Timer(timer.to_wire()),
            Self::Sweep(Sweep::Recovery) => CauseKind::Sweep(RECOVERY),
            Self::Sweep(Sweep::Absence { user, conversation }) => {
                let (user, conversation) = (user.to_wire(), conversation.to_wire());
                CauseKind::Absence(Absence { user, conversation })
            }
            Self::Sweep(Sweep::GroupClosed { group, conversation }) => {
                let (group, conversation) = (group.to_wire(), conversation.to_wire());
                CauseKind::GroupClosed(GroupClosed { group, conversation })
            }
        };
        Cause { kind: Some(kind) }
    }

    fn from_wire(form: Cause) -> Result<Self, DecodeError> {
        Ok(match form.kind.ok_or(DecodeError::Newer { what: "Cause" })? {
            CauseKind::Inbound(offset) => Self::Inbound(offset),
            CauseKind::Command(offset) => Self::Command(offset),
            CauseKind::Control(offset) => Self::Control(offset),
            CauseKind::Settings(offset) => Self::Settings(offset),
            CauseKind::HandOver(conversation) => Self::HandOver(Wire::from_wire(conversation)?),
            CauseKind::Timer(timer) => Self::Timer(Wire::from_wire(timer)?),
            CauseKind::Sweep(RECOVERY) => Self::Sweep(Sweep::Recovery),
            CauseKind::Sweep(_) => return Err(DecodeError::Newer { what: "Sweep" }),
            CauseKind::Absence(Absence { user, conversation }) => Self::Sweep(Sweep::Absence {
                user: Wire::from_wire(user)?,
                conversation: Wire::from_wire(conversation)?,
            }),
            CauseKind::GroupClosed(GroupClosed { group, conversation }) => {
                Self::Sweep(Sweep::GroupClosed {
                    group: Wire::from_wire(group)?,
                    conversation: Wire::from_wire(conversation)?,
                })
            }
        })
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Timer {
    #[prost(oneof = "TimerKind", tags = "1, 2, 3, 4")]
    pub(super) kind: Option<TimerKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum TimerKind {
    #[prost(fixed64, tag = "1")]
    Pending(u64),
    #[prost(fixed64, tag = "2")]
    Warning(u64),
    #[prost(fixed64, tag = "3")]
    Silence(u64),
    #[prost(uint32, tag = "4")]
    Lease(u32),
}

by_variant!(
    desk::Timer => Timer { kind: TimerKind }
    units {}
    values { Pending, Warning, Silence, Lease }
    fields {}
);

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Absence {
    #[prost(uint32, tag = "1")]
    pub(super) user: u32,
    #[prost(fixed64, tag = "2")]
    pub(super) conversation: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct GroupClosed {
    #[prost(uint32, tag = "1")]
    pub(super) group: u32,
    #[prost(fixed64, tag = "2")]
    pub(super) conversation: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Resume {
    #[prost(oneof = "ResumeKind", tags = "1, 2, 3, 4")]
    pub(super) kind: Option<ResumeKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum ResumeKind {
    #[prost(uint64, tag = "1")]
    Inbound(u64),
    #[prost(uint64, tag = "2")]
    Command(u64),
    #[prost(uint64, tag = "3")]
    Control(u64),
    #[prost(uint64, tag = "4")]
    Settings(u64),
}

by_variant!(
    desk::Resume => Resume { kind: ResumeKind }
    units {}
    values { Inbound, Command, Control, Settings }
    fields {}
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Claimed {
    #[prost(uint32, tag = "1")]
    pub(super) epoch: u32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) attempt: Bytes,
}

by_field!(desk::Claimed => Claimed { epoch, attempt });
