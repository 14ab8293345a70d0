use std::time::Duration;

use crate::id::{
    ChannelId, ConversationId, GroupId, MessageId, OperationId, ProtocolNumber, UserId,
};
use crate::people::{Policy, Presence};
use crate::service::{Author, CloseReason, Content, ReceiptStatus};
use crate::time::Timestamp;

use super::{DeadReason, Rejection, SendResult};

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
    /// The conversation leaves where it was; a seat, if one was held, is given back. The same
    /// record goes on with `Assigned` or `Queued`.
    Moved(Moved),
    /// The agent stays responsible and gives the seat back until the conversation comes back to him.
    Pended {
        /// The conversation.
        conversation: ConversationId,
        /// Its place in the conversation's sequence.
        seq: u32,
        /// Who set it aside.
        by: Author,
        /// Service time since the assignment, charged to the agent's score.
        handled: Duration,
    },
    /// The customer was warned that the conversation will end; the same record holds the text.
    Warned {
        /// The conversation.
        conversation: ConversationId,
        /// Its place in the conversation's sequence.
        seq: u32,
        /// When it ends if the silence goes on, on lane time.
        until: Timestamp,
    },
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
        /// Until when, on lane time, an absent agent's conversations wait for him; `None` when
        /// they do not, and of whoever is there.
        grace_until: Option<Timestamp>,
    },
    /// Sessions of these users were renewed: their presence holds on.
    LeasesRenewed {
        /// Who, each once.
        users: Vec<UserId>,
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
            Self::Moved(moved) => Some(moved.conversation),
            Self::Pended { conversation, .. }
            | Self::Warned { conversation, .. }
            | Self::Closed { conversation, .. } => Some(*conversation),
            Self::PresenceChanged { .. }
            | Self::LeasesRenewed { .. }
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

/// A conversation leaves its group, its agent or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation's sequence.
    pub seq: u32,
    /// How it came to that.
    pub kind: MoveKind,
    /// Who did it.
    pub by: Author,
    /// What he noted for whoever gets it; may be empty. The customer never sees it.
    pub note: String,
    /// Service time since the assignment, charged to the agent's score; zero without a seat.
    pub handled: Duration,
}

/// How a conversation came to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MoveKind {
    /// Its agent gave it on.
    Transfer,
    /// A supervisor gave it to somebody.
    Reassign,
    /// The system moved it: its agent is gone, or its group takes nobody any more.
    Redirect,
}

/// A conversation went into a queue, or into an agent's own line.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation's sequence.
    pub seq: u32,
    /// The group; in an agent's own line, the one it will be assigned through.
    pub group: GroupId,
    /// The agent it comes back to and in whose own line it waits; `None` in the group's.
    pub agent: Option<UserId>,
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
    /// The contact is bound to him.
    Owner,
    /// He began the conversation.
    Started,
    /// A supervisor gave it to him.
    Reassigned,
    /// Another agent gave it to him.
    Transferred,
    /// It came back to him from pending.
    CameBack,
}
