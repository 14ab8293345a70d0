use crate::id::{CommandId, ConversationId, GroupId, UserId};
use crate::people::Presence;
use crate::service::Content;
use crate::time::Timestamp;

/// A wish of a user, with the id under which its repeats have one effect: a record of `commands`
/// (when it names a conversation) or of `control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    /// Who wishes it.
    pub user: UserId,
    /// The client's id of the wish.
    pub id: CommandId,
    /// When the gateway took it.
    pub at: Timestamp,
    /// The wish.
    pub command: Command,
}

/// What a user may wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message to the customer.
    Send {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        content: Content,
    },
    /// End the conversation.
    Close {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Give a conversation one is responsible for to somebody else.
    Transfer {
        /// The conversation.
        conversation: ConversationId,
        /// To whom.
        to: Target,
        /// For whoever gets it, at most [`NOTE_BYTES`](crate::limit::NOTE_BYTES); may be empty.
        note: String,
    },
    /// As a supervisor, give a conversation to somebody.
    Reassign {
        /// The conversation.
        conversation: ConversationId,
        /// To whom.
        to: Target,
        /// For whoever gets it, at most [`NOTE_BYTES`](crate::limit::NOTE_BYTES); may be empty.
        note: String,
    },
    /// Set a conversation aside: its agent stays responsible and has a seat free.
    Pend {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Take a conversation up again that was set aside.
    Resume {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Be available, paused or offline.
    SetPresence {
        /// The new presence.
        presence: Presence,
    },
}

/// Whom a conversation is to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// One agent, at once or not at all.
    Agent(UserId),
    /// A group: whom its policy picks, or its queue.
    Group(GroupId),
}

impl Command {
    /// The conversation it names, if any: its lane is where the command goes.
    pub const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Send { conversation, .. }
            | Self::Close { conversation }
            | Self::Transfer { conversation, .. }
            | Self::Reassign { conversation, .. }
            | Self::Pend { conversation }
            | Self::Resume { conversation } => Some(*conversation),
            Self::SetPresence { .. } => None,
        }
    }
}
