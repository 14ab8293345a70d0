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
}
