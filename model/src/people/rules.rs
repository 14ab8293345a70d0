use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::GroupId;

/// What a group does with its conversations beside choosing agents. The default is what a group
/// does that was never asked: conversations stay with their agent, queues have no limit, transfers
/// go to every active group of the operation, and nothing ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRules {
    /// What becomes of conversations whose agent is gone.
    pub on_absence: OnAbsence,
    /// How long they wait for him before that.
    pub grace: Duration,
    /// Most conversations that wait in the group's queue when another comes; 0 lets nobody wait,
    /// `None` is no limit but the system's. Lanes that decide at one moment may each let one more
    /// in, and nobody who was taken once is sent away by it.
    pub queue_limit: Option<u32>,
    /// Where new conversations go when the group is inactive or its queue is full, and those that
    /// wait when it is made inactive; `None` ends them.
    pub overflow: Option<GroupId>,
    /// Groups that its agents may transfer to beside itself; `None` is every group of the
    /// operation. An inactive one takes nobody.
    pub transfer_to: Option<Vec<GroupId>>,
    /// Whether conversations may be transferred to it from other groups.
    pub takes_transfers: bool,
    /// Whether a conversation may be transferred to one of its agents who is paused.
    pub transfer_to_paused: bool,
    /// Whether its agents must write a note with each transfer.
    pub note_required: bool,
    /// After how long without a word a conversation is set aside, its agent's seat freed; `None`
    /// is never.
    pub pending_after: Option<Duration>,
    /// When conversations with an agent end by silence; `None` is never.
    pub running: Option<Inactivity>,
    /// When conversations in the queue end by silence; `None` is never.
    pub queued: Option<Inactivity>,
}

/// How silence ends a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inactivity {
    /// How long the silence lasts until the end.
    pub limit: Duration,
    /// What the customer is told before.
    pub warning: Option<Warning>,
    /// Whose silence counts.
    pub silence: Silence,
}

/// A warning before silence ends a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// When, in hundredths of the limit: 1 to 99.
    pub percent: u8,
    /// What it says.
    pub text: String,
}

/// What becomes of the conversations of an agent who is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnAbsence {
    /// They stay his.
    #[default]
    Keep,
    /// They go back to the group: to another agent, or into its queue.
    Redirect,
    /// They end.
    Close,
}

/// Whose silence counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// The customer's, whatever the agent writes.
    #[default]
    Customer,
    /// That of both: either's word begins it anew.
    Both,
}

impl GroupRules {
    /// How long an absent agent's conversations wait where nobody said otherwise.
    pub const GRACE: Duration = Duration::from_secs(60);
}

impl Default for GroupRules {
    fn default() -> Self {
        Self {
            on_absence: OnAbsence::Keep,
            grace: Self::GRACE,
            queue_limit: None,
            overflow: None,
            transfer_to: None,
            takes_transfers: true,
            transfer_to_paused: false,
            note_required: false,
            pending_after: None,
            running: None,
            queued: None,
        }
    }
}
