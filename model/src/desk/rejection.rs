use serde::{Deserialize, Serialize};

/// A lawful refusal of a command: a value, never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rejection {
    /// No such open conversation.
    ConversationNotFound,
    /// The conversation is over.
    ConversationClosed,
    /// Another agent, or nobody yet, is responsible for it.
    NotResponsible,
    /// The provider's session window is over: only a template may be sent.
    WindowClosed,
    /// Too many messages are waiting to be sent on the channel.
    ChannelBacklog,
    /// The text is empty or longer than the channel takes.
    UnsendableContent,
    /// The agent holds as many conversations as his cap allows.
    AgentFull,
    /// The agent is not available.
    NotAvailable,
    /// No such user, or the user may not do this.
    NotAllowed,
    /// The conversation may not go there: another operation, a group that is inactive or takes no
    /// transfers, or one its own group does not transfer to.
    TransferNotAllowed,
    /// The group wants a note with each transfer.
    NoteRequired,
    /// The group's queue, and those it flows over into, are full.
    QueueFull,
    /// The conversation is set aside already.
    AlreadyPending,
    /// The conversation is not set aside.
    NotPending,
}

impl Rejection {
    /// Every rejection.
    pub const ALL: [Self; 14] = [
        Self::ConversationNotFound,
        Self::ConversationClosed,
        Self::NotResponsible,
        Self::WindowClosed,
        Self::ChannelBacklog,
        Self::UnsendableContent,
        Self::AgentFull,
        Self::NotAvailable,
        Self::NotAllowed,
        Self::TransferNotAllowed,
        Self::NoteRequired,
        Self::QueueFull,
        Self::AlreadyPending,
        Self::NotPending,
    ];

    /// Its name in the API and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConversationNotFound => "conversation-not-found",
            Self::ConversationClosed => "conversation-closed",
            Self::NotResponsible => "not-responsible",
            Self::WindowClosed => "window-closed",
            Self::ChannelBacklog => "channel-backlog",
            Self::UnsendableContent => "unsendable-content",
            Self::AgentFull => "agent-full",
            Self::NotAvailable => "not-available",
            Self::NotAllowed => "not-allowed",
            Self::TransferNotAllowed => "transfer-not-allowed",
            Self::NoteRequired => "note-required",
            Self::QueueFull => "queue-full",
            Self::AlreadyPending => "already-pending",
            Self::NotPending => "not-pending",
        }
    }
}
