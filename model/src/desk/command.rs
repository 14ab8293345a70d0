use crate::id::{CommandId, ConversationId, UserId};
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
    /// Be available, paused or offline.
    SetPresence {
        /// The new presence.
        presence: Presence,
    },
}

impl Command {
    /// The conversation it names, if any: its lane is where the command goes.
    pub const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Send { conversation, .. } | Self::Close { conversation } => Some(*conversation),
            Self::SetPresence { .. } => None,
        }
    }
}
