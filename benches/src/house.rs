//! Agents to seat: one operation, its groups, everybody available.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{
    Assign, LockFree, MutexAssign, Restore, RestoredSeat, Sizes, Slot, Ticket,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, Presence,
    User, UserKind,
};
use storage::port::Bell;

/// Seats of each agent.
pub const CAP: u32 = 5;
/// Ranks there are, from 0; each is that of as many agents.
pub const RANKS: u32 = 4;
/// The group of a house that has only one.
pub const GROUP: GroupId = GroupId(1);

/// A house to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct House {
    /// The policy of every group.
    pub policy: Policy,
    /// Agents, from 1.
    pub agents: u32,
    /// Groups, from 1.
    pub groups: u32,
    /// Groups of each agent.
    pub groups_per_agent: u32,
    /// Threads that will work in it.
    pub lanes: u8,
}

impl House {
    /// One group, one thread.
    pub const fn new(policy: Policy, agents: u32) -> Self {
        Self { policy, agents, groups: 1, groups_per_agent: 1, lanes: 1 }
    }

    /// The lock-free core, everybody available.
    pub fn lock_free(&self) -> LockFree {
        // One more of each: the core keeps a place for whomever no settings name.
        let (agents, groups) = (self.agents + 1, self.groups + 1);
        let sizes = Sizes { agents, groups, ..Sizes::default() };
        self.staff(LockFree::new(self.bells(), 1, sizes))
    }

    /// The reference under its mutex, everybody available. It looks at every agent of the group
    /// for each decision.
    pub fn reference(&self) -> MutexAssign {
        self.staff(MutexAssign::new(self.bells(), 1))
    }

    /// The reference with so many seats taken, spread over all agents, and their tickets. A house
    /// filled one by one would take the square of its agents.
    pub fn reference_with(&self, taken: u32) -> (MutexAssign, Vec<Ticket>) {
        let core = MutexAssign::new(self.bells(), 1);
        let seat = |n: u32| RestoredSeat {
            slot: Slot { lane: LaneId::FIRST, index: n },
            agent: UserId(1 + n % self.agents),
            charge: 1,
        };
        let everybody = (1..=self.agents).map(|agent| (UserId(agent), Presence::Available));
        let tickets = core.restore(Restore {
            settings: self.settings(),
            presence: everybody.collect(),
            seated: (0..taken).map(seat).collect(),
            ..Restore::default()
        });
        (core, tickets.into_iter().map(|(_, ticket)| ticket).collect())
    }

    /// All seats.
    pub const fn seats(&self) -> u32 {
        self.agents * CAP
    }

    /// An agent's rank.
    pub const fn rank_of(agent: u32) -> u32 {
        agent % RANKS
    }

    fn bells(&self) -> Vec<Arc<Bell>> {
        (0..self.lanes).map(|_| Bell::new()).collect()
    }

    fn staff<C: Assign>(&self, core: C) -> C {
        core.edit(&self.settings());
        for agent in 1..=self.agents {
            core.presence(UserId(agent), Presence::Available);
        }
        core
    }

    /// The settings of the house.
    pub fn settings(&self) -> Settings {
        let operation = OperationId(1);
        let groups = (1..=self.groups).map(|id| (GroupId(id), self.group(id, operation)));
        let users = (1..=self.agents).map(|id| (UserId(id), self.user(id, operation)));
        Settings {
            operations: BTreeMap::from([(operation, the_operation(operation))]),
            groups: groups.collect(),
            users: users.collect(),
            ..Settings::default()
        }
    }

    fn group(&self, id: u32, operation: OperationId) -> Group {
        Group {
            id: GroupId(id),
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

    fn user(&self, id: u32, operation: OperationId) -> User {
        let nth = |n| GroupId(1 + (id + n) % self.groups);
        let membership = |n| Membership { group: nth(n), receives: true };
        User {
            id: UserId(id),
            version: 1,
            operation,
            login: format!("agent{id}"),
            name: format!("Agent {id}"),
            kind: UserKind::Agent,
            active: true,
            groups: (0..self.groups_per_agent).map(membership).collect(),
            cap: Cap::new(CAP).unwrap_or_default(),
            rank: AgentRank(u16::try_from(Self::rank_of(id)).unwrap_or(0)),
        }
    }
}

fn the_operation(id: OperationId) -> Operation {
    let (name, zone) = ("bench".to_owned(), "UTC".to_owned());
    Operation { id, version: 1, name, shard: ShardId::default(), zone }
}
