use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, ShardId, UserId};
use model::limit;
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, User, UserKind,
};

use super::StructureKind;

/// What is driven, how hard, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What stands behind the seam.
    pub structure: StructureKind,
    /// The policy of every group.
    pub policy: Policy,
    /// Agents, 1 to [`Plan::AGENTS`].
    pub agents: u32,
    /// Groups, 1 to [`Plan::GROUPS`].
    pub groups: u32,
    /// Groups of each agent, at most `groups` and [`limit::GROUPS_PER_AGENT`].
    pub groups_per_agent: u32,
    /// Cap of each agent, at least 1.
    pub cap: Cap,
    /// Threads, each a lane of its own: 1 to [`Plan::THREADS`].
    pub threads: u8,
    /// Conversations in the system by seats, in percent: 1 to [`Plan::UTILISATION`]. Above 100
    /// there is always a queue.
    pub utilisation: u32,
    /// Operations of one thread between two changes of presence, cap, rank, membership or policy;
    /// `None` changes nothing.
    pub churn: Option<u64>,
    /// How conversations come.
    pub shape: Shape,
    /// When the traffic ends.
    pub length: Length,
    /// Operations between two checkpoints.
    pub checkpoint: u64,
    /// What all choices follow from.
    pub seed: u64,
}

/// The traffic ends with whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Operations: arrivals and ends of conversations, over all threads.
    pub operations: u64,
    /// Time spent in traffic; checkpoints do not count.
    pub time: Duration,
}

/// How conversations come and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// One comes, one ends.
    #[default]
    Steady,
    /// Many come, then as many end.
    Bursts,
    /// A coin decides; the further from the utilisation, the less fair it is.
    Chance,
}

/// A plan that cannot be driven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A number is outside its bounds.
    #[error("--{flag} {value} is outside {least}..={most}")]
    Bounds {
        /// The flag, without dashes.
        flag: &'static str,
        /// What it was given.
        value: u64,
        /// The least it takes.
        least: u64,
        /// The most it takes.
        most: u64,
    },
    /// More conversations than a lane has waiting slots.
    #[error(
        "--agents × --cap × --utilisation / --threads is {conversations} open conversations a \
         thread, of at most {most}: take more threads, or fewer agents"
    )]
    Conversations {
        /// Open conversations of one thread.
        conversations: u64,
        /// The bound.
        most: u64,
    },
    /// The rotation alone is what the structure is built on.
    #[error("--structure {0} turns in circles: it takes no --policy but circular")]
    Rotation(StructureKind),
}

impl Plan {
    /// Most agents of one shard.
    pub const AGENTS: u32 = 1 << 20;
    /// Most groups.
    pub const GROUPS: u32 = 1_000;
    /// Most threads: lanes of one shard.
    pub const THREADS: u8 = LaneId::MAX + 1;
    /// Most conversations by seats, in percent.
    pub const UTILISATION: u32 = 200;
    /// Conversations of one burst of a thread.
    pub const BURST: u64 = 64;
    /// Slots of a lane beyond its share of the utilisation: a burst, and what the checkpoints
    /// probe with.
    pub(super) const SPARE_SLOTS: u64 = 8_192;

    /// Whether it can be driven.
    pub fn check(&self) -> Result<(), PlanError> {
        let most_groups = u64::from(self.groups).min(limit::GROUPS_PER_AGENT as u64);
        within("agents", self.agents, (1, u64::from(Self::AGENTS)))?;
        within("groups", self.groups, (1, u64::from(Self::GROUPS)))?;
        within("groups-per-agent", self.groups_per_agent, (1, most_groups))?;
        within("cap", self.cap.get(), (1, u64::from(limit::CAP)))?;
        within("threads", self.threads, (1, u64::from(Self::THREADS)))?;
        within("utilisation", self.utilisation, (1, u64::from(Self::UTILISATION)))?;
        within("operations", self.length.operations, (1, u64::MAX))?;
        within("checkpoint", self.checkpoint, (1, u64::MAX))?;
        within("churn", self.churn.unwrap_or(1), (1, u64::MAX))?;
        if self.structure == StructureKind::NaiveCursor && self.policy != Policy::Circular {
            return Err(PlanError::Rotation(self.structure));
        }
        let most = u64::from(limit::OPEN_CONVERSATIONS) - Self::SPARE_SLOTS;
        match self.conversations() {
            conversations if conversations > most => {
                Err(PlanError::Conversations { conversations, most })
            }
            _ => Ok(()),
        }
    }

    /// All seats.
    pub fn seats(&self) -> u64 {
        u64::from(self.agents) * u64::from(self.cap.get())
    }

    /// Conversations each thread keeps open, held or waiting.
    pub(super) fn conversations(&self) -> u64 {
        let open = self.seats() * u64::from(self.utilisation) / 100;
        (open / u64::from(self.threads.max(1))).max(1)
    }

    /// The agents, from 1.
    pub(super) fn agents(&self) -> impl Iterator<Item = UserId> + use<> {
        (1..=self.agents).map(UserId)
    }

    /// The groups, from 1.
    pub(super) fn groups(&self) -> impl Iterator<Item = GroupId> + use<> {
        (1..=self.groups).map(GroupId)
    }

    /// The groups of an agent: neighbours in a circle.
    pub(super) fn groups_of(&self, agent: UserId) -> impl Iterator<Item = GroupId> + use<> {
        let (groups, first) = (self.groups, agent.0.saturating_sub(1));
        (0..self.groups_per_agent).map(move |n| GroupId(1 + (first % groups + n) % groups))
    }

    /// Whether an agent is in a group.
    pub(super) fn is_member(&self, agent: UserId, group: GroupId) -> bool {
        self.groups_of(agent).any(|of_his| of_his == group)
    }

    /// An agent's rank: 0 to 3.
    pub(super) fn rank_of(&self, agent: UserId) -> AgentRank {
        AgentRank(u16::try_from(agent.0 % 4).unwrap_or(0))
    }

    /// One operation, its groups and its agents.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let operation = OperationId(1);
        settings.operations.insert(operation, the_operation(operation));
        settings.groups.extend(self.groups().map(|id| (id, self.group(id, operation))));
        settings.users.extend(self.agents().map(|id| (id, self.user(id, operation))));
        settings
    }

    fn group(&self, id: GroupId, operation: OperationId) -> Group {
        Group {
            id,
            version: 1,
            operation,
            name: format!("group {id}"),
            active: true,
            policy: self.policy,
            newcomer: NewcomerScore::GroupMinimum,
            head_start: Duration::ZERO,
            rules: GroupRules::default(),
        }
    }

    fn user(&self, id: UserId, operation: OperationId) -> User {
        let membership = |group| Membership { group, receives: true };
        User {
            id,
            version: 1,
            operation,
            login: format!("agent{id}"),
            name: format!("Agent {id}"),
            kind: UserKind::Agent,
            active: true,
            groups: self.groups_of(id).map(membership).collect(),
            cap: self.cap,
            rank: self.rank_of(id),
        }
    }
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 3] = [Self::Steady, Self::Bursts, Self::Chance];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Bursts => "bursts",
            Self::Chance => "chance",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(text, &Self::ALL, |shape| shape.name())
    }
}

/// The one of `all` with this name, or the names there are.
pub(super) fn named<T: Copy>(
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        format!("it is one of {}", names.join(", "))
    })
}

fn the_operation(id: OperationId) -> Operation {
    let (name, zone) = ("load test".to_owned(), "UTC".to_owned());
    Operation { id, version: 1, name, shard: ShardId::default(), zone }
}

fn within(
    flag: &'static str,
    value: impl Into<u64>,
    (least, most): (u64, u64),
) -> Result<(), PlanError> {
    let value = value.into();
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(PlanError::Bounds { flag, value, least, most })
}
