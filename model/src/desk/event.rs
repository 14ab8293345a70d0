use std::time::Duration;

use bytes::Bytes;

use crate::id::{
    ChannelId, CommandId, ConversationId, GroupId, LaneId, MessageId, OperationId, ProtocolNumber,
    UserId,
};
use crate::people::{Policy, Presence};
use crate::service::{Author, CloseReason, Content, ReceiptStatus};
use crate::time::Timestamp;

use super::{Rejection, SendResult};

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
    /// What happened, in order; empty when the input had no effect.
    pub events: Vec<Event>,
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
    /// The sweep after recovery.
    Sweep(Sweep),
}

/// A step of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sweep {
    /// After the shard was taken over.
    Recovery,
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

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A conversation began.
    Opened(Opened),
    /// The customer's message became part of a conversation.
    MessageReceived {
        /// Its own id.
        message: MessageId,
        /// The provider's id.
        provider_id: String,
        /// By the provider's clock.
        sent_at: Timestamp,
        /// When the gateway took it.
        received_at: Timestamp,
        /// What it holds.
        content: Content,
    },
    /// A message to the customer was decided; dispatch sends it.
    MessageSent {
        /// Its own id.
        message: MessageId,
        /// Who wrote it.
        author: Author,
        /// What it holds.
        content: Content,
    },
    /// The conversation went into a group's queue.
    Queued(Queued),
    /// An agent was given the conversation and a seat is held.
    Assigned(Assigned),
    /// The conversation is over; a seat, if one was held, is given back.
    Closed {
        /// The conversation.
        conversation: ConversationId,
        /// Its place in the conversation's sequence.
        seq: u32,
        /// Who ended it.
        by: Author,
        /// Why.
        reason: CloseReason,
        /// Service time since the assignment, charged to the agent's score.
        handled: Duration,
    },
    /// The provider answered a send.
    SendAnswered {
        /// The message.
        message: MessageId,
        /// What came of it.
        result: SendResult,
        /// How often it was tried.
        tries: u32,
    },
    /// A receipt moved a sent message on.
    ReceiptApplied {
        /// The message.
        message: MessageId,
        /// How far it came.
        status: ReceiptStatus,
        /// By the provider's clock.
        at: Timestamp,
        /// The provider's error code, when it failed.
        code: Option<i64>,
    },
    /// A user's presence changed.
    PresenceChanged {
        /// The user.
        user: UserId,
        /// The presence from now on.
        presence: Presence,
    },
    /// The settings up to here are in force.
    SettingsApplied {
        /// Offset in `settings` after the last entity applied.
        next: u64,
    },
    /// A message that was already handled came again.
    Duplicate {
        /// The account.
        channel: ChannelId,
        /// The provider's id.
        provider_id: String,
    },
    /// A receipt that changed nothing, or that names no message of ours.
    ReceiptIgnored {
        /// The provider's id.
        provider_id: String,
    },
    /// A command was lawfully refused.
    CommandRejected {
        /// Why.
        rejection: Rejection,
    },
    /// An input that cannot be handled went to `dead`.
    InputRefused {
        /// Why.
        reason: DeadReason,
    },
}

impl Event {
    /// The conversation it happened to, if any.
    pub const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Opened(opened) => Some(opened.conversation),
            Self::MessageReceived { message, .. }
            | Self::MessageSent { message, .. }
            | Self::SendAnswered { message, .. }
            | Self::ReceiptApplied { message, .. } => Some(message.conversation),
            Self::Queued(queued) => Some(queued.conversation),
            Self::Assigned(assigned) => Some(assigned.conversation),
            Self::Closed { conversation, .. } => Some(*conversation),
            Self::PresenceChanged { .. }
            | Self::SettingsApplied { .. }
            | Self::Duplicate { .. }
            | Self::ReceiptIgnored { .. }
            | Self::CommandRejected { .. }
            | Self::InputRefused { .. } => None,
        }
    }
}

/// A conversation began.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Its id.
    pub conversation: ConversationId,
    /// What the customer may quote.
    pub protocol: ProtocolNumber,
    /// The operation that serves it.
    pub operation: OperationId,
    /// The account it came to.
    pub channel: ChannelId,
    /// The customer's canonical address.
    pub address: String,
    /// The customer's name as the provider gave it; may be empty.
    pub name: String,
}

/// A conversation went into a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation's sequence.
    pub seq: u32,
    /// The group.
    pub group: GroupId,
    /// Its order in the queue, the lowest first: its arrival stamp, in microseconds. Contacts have
    /// no priority classes yet; once they do, the group's head start of the class is taken off.
    pub key: i64,
}

/// An agent was given a conversation, and why him.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation's sequence.
    pub seq: u32,
    /// The agent.
    pub agent: UserId,
    /// The group it was assigned through.
    pub group: GroupId,
    /// The cap the reservation saw: C5 is judged by it.
    pub cap: u8,
    /// The generation of the agent's word at the reservation.
    pub gen_at_seat: u16,
    /// Units of 16 s charged to the agent's time score at the reservation.
    pub charge: u8,
    /// Why this agent.
    pub why: Why,
    /// How long the conversation waited.
    pub waited: Duration,
}

/// Why an agent was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// On arrival, by the group's policy.
    Policy {
        /// The policy in force.
        policy: Policy,
        /// The key it chose by: position, rank, time units or count.
        key: u64,
    },
    /// He freed a seat (or became eligible) and this conversation was the oldest waiting.
    FreedSeat,
    /// Restored after a restart.
    Restored,
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
