use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{GroupId, OperationId};

use super::GroupRules;

/// A department: agents, one waiting line, one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Version of the entity, 1 at creation, then + 1 each.
    pub version: u64,
    /// The operation it belongs to.
    pub operation: OperationId,
    /// Its name.
    pub name: String,
    /// Whether it takes conversations; groups are made inactive, never deleted.
    pub active: bool,
    /// How an agent is chosen.
    pub policy: Policy,
    /// The score a newcomer starts with under least-time and least-count.
    pub newcomer: NewcomerScore,
    /// How far one contact priority class moves a conversation ahead in the queue. It is kept, and
    /// moves nothing yet: contacts have no priority classes, so all are of the one without any.
    pub head_start: Duration,
    /// What it does with its conversations beside.
    pub rules: GroupRules,
}

/// How a group chooses among its eligible agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The next eligible after the one last reserved, in join order.
    Circular,
    /// Uniform over the eligible.
    Random,
    /// The highest [`super::AgentRank`]; circular inside the rank.
    AgentPriority,
    /// The least service time in the window.
    LeastTime,
    /// The fewest conversations assigned in the window.
    LeastCount,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 5] =
        [Self::Circular, Self::Random, Self::AgentPriority, Self::LeastTime, Self::LeastCount];

    /// Its name in settings, metrics and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Circular => "circular",
            Self::Random => "random",
            Self::AgentPriority => "agent-priority",
            Self::LeastTime => "least-time",
            Self::LeastCount => "least-count",
        }
    }
}

/// What a newcomer's score starts at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewcomerScore {
    /// The group's minimum, so that he does not receive everything until he caught up.
    #[default]
    GroupMinimum,
    /// Zero: the literal reading of the policy.
    Zero,
}
