use bytes::Bytes;

use crate::id::{CommandId, ConversationId, GroupId, LaneId, UserId};
use crate::time::Timestamp;

use super::Event;

/// All that one input, timer or hand-over caused: one log record, whole or absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The lane that wrote it.
    pub lane: LaneId,
    /// What it came from.
    pub cause: Cause,
    /// The command it answers, if its cause is one: the API waits for this.
    pub answers: Option<(UserId, CommandId)>,
    /// Per input partition of the lane, the lowest offset not yet wholly handled.
    pub resume: Vec<Resume>,
    /// Lane time.
    pub at: Timestamp,
    /// When the input it came from was appended, by the clock of the node that took it. `None`
    /// where it came from no input, and in records of before this was written.
    pub input_at: Option<Timestamp>,
    /// What happened, in order; empty when the input had no effect.
    pub events: Vec<Event>,
}

impl Record {
    /// When the repeats of its input begin to count: by the time the input was appended. Lane time
    /// stands still while a lane holds an input, and then leaps.
    pub fn known_at(&self) -> Timestamp {
        self.input_at.unwrap_or(self.at)
    }
}

/// What a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A customer's message: offset in the lane's partition of `inbound`.
    Inbound(u64),
    /// A record of the lane's partition of `commands`.
    Command(u64),
    /// A record of the shard's partition of `control` (lane 0).
    Control(u64),
    /// A record of `settings` (lane 0).
    Settings(u64),
    /// A freed seat was handed to a conversation waiting in this lane.
    HandOver(ConversationId),
    /// One conversation's turn in a sweep.
    Sweep(Sweep),
    /// Something was due by lane time.
    Timer(Timer),
}

/// A sweep: what one input means for many conversations, at most
/// [`limit::SWEEP_STEP`](crate::limit::SWEEP_STEP) at a time, each with a record of its own. Its
/// cursor is the conversation: those of the lane with a lower id have had their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sweep {
    /// After the shard was taken over.
    Recovery,
    /// An agent is gone: what he was responsible for goes on without him.
    Absence {
        /// Who is gone.
        user: UserId,
        /// Whose turn it was.
        conversation: ConversationId,
    },
    /// A group takes no conversations any more: what waits there goes elsewhere.
    GroupClosed {
        /// The group.
        group: GroupId,
        /// Whose turn it was.
        conversation: ConversationId,
    },
}

/// What was due by lane time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// Nobody wrote in a running conversation for as long as its group lets it hold a seat.
    Pending(ConversationId),
    /// The warning before a silent conversation ends.
    Warning(ConversationId),
    /// The end of a silent conversation.
    Silence(ConversationId),
    /// A user's presence was not renewed.
    Lease(UserId),
}

/// Up to where a lane has handled one of its input partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resume {
    /// Of `inbound`.
    Inbound(u64),
    /// Of `commands`.
    Command(u64),
    /// Of `control`.
    Control(u64),
    /// Of `settings`.
    Settings(u64),
}

/// An owner takes a shard. Void unless its epoch is the one in force + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The epoch it begins.
    pub epoch: u32,
    /// Which attempt: he who reads his own owns.
    pub attempt: u128,
}

/// Why an input could not be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeadReason {
    /// Signed, but not what the provider's documentation describes.
    Unparseable,
    /// Of an account no channel is configured for.
    UnknownAccount,
    /// A record of the log could not be read.
    Undecodable,
    /// It names something that does not exist.
    Dangling,
    /// Handling it ended in a panic, again and again.
    Poison,
}

impl DeadReason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Unparseable, Self::UnknownAccount, Self::Undecodable, Self::Dangling, Self::Poison];

    /// Its name in metrics and listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unparseable => "unparseable",
            Self::UnknownAccount => "unknown-account",
            Self::Undecodable => "undecodable",
            Self::Dangling => "dangling",
            Self::Poison => "poison",
        }
    }
}

/// A record of `dead`: the bytes, why, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Why.
    pub reason: DeadReason,
    /// Where it came from: `endpoint starter`, `inbound/3@17`.
    pub origin: String,
    /// What exactly was wrong.
    pub detail: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// A record of `dead`: somebody had what stands in another one of its records handled again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The offset in `dead` of what was replayed.
    pub letter: u64,
    /// Where it was appended again, as `inbound/3@17`; one place for each record.
    pub to: Vec<String>,
}
