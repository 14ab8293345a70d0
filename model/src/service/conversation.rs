use serde::{Deserialize, Serialize};

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConversationState {
    /// The flow is talking.
    #[default]
    Bot,
    /// It waits in a group's queue.
    Queued,
    /// An agent has it and a seat is held.
    Assigned,
    /// An agent has it, no seat is held.
    Pending,
    /// It is over.
    Closed,
}

/// Why a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseReason {
    /// Its agent closed it.
    Agent,
    /// A supervisor closed it.
    Supervisor,
    /// The flow ended without a group to route to.
    Flow,
    /// The customer was silent for too long.
    CustomerSilent,
    /// Customer and agent were silent for too long.
    BothSilent,
    /// Its agent is gone, and the group does not redirect.
    Absence,
    /// No queue it might have waited in had room.
    QueueFull,
    /// Its group takes no conversations any more, and names no other.
    GroupClosed,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Agent,
        Self::Supervisor,
        Self::Flow,
        Self::CustomerSilent,
        Self::BothSilent,
        Self::Absence,
        Self::QueueFull,
        Self::GroupClosed,
    ];

    /// Its name in events, metrics and listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Flow => "flow",
            Self::CustomerSilent => "customer-silent",
            Self::BothSilent => "both-silent",
            Self::Absence => "absence",
            Self::QueueFull => "queue-full",
            Self::GroupClosed => "group-closed",
        }
    }
}
