use std::sync::Arc;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use crate::assign::{
    Arrival, Assign, LockFree, MutexAssign, SeatKind, SeatOutcome, Sizes, Slot, Ticket,
};

/// Seats of each agent.
pub(super) const CAP: u32 = 2;
/// Agents of groups 1 to 3; the one after them is of group 4 alone.
pub(super) const AGENTS: u32 = 4;
/// The last agent.
pub(super) const APART: UserId = UserId(AGENTS + 1);
/// Groups of the house.
pub(super) const GROUPS: u32 = 4;
/// Lanes: the one that stops, and two that work on.
pub(super) const LANES: u8 = 3;
/// Slots of a lane.
pub(super) const SLOTS: u32 = 24;

/// A core that everybody shares.
pub(super) type Core = Arc<dyn Assign>;

/// Which core stands behind the seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    LockFree,
    Mutex,
}

/// A small house: who is there, what the settings say, and the seats taken at the start.
pub(super) struct House {
    pub(super) core: Core,
    pub(super) settings: Settings,
    pub(super) tickets: Vec<Ticket>,
}

impl House {
    /// Group 1 has `policy`, the others those after it. All seats of agents 2 to 4 are taken; one
    /// of agent 1 and one of the last are free.
    pub(super) fn new(kind: Kind, policy: Policy) -> Self {
        let settings = settings(policy);
        let bells = (0..LANES).map(|_| Bell::new()).collect();
        let sizes = Sizes { agents: 8, groups: 8, slots: SLOTS };
        let core: Core = match kind {
            Kind::LockFree => Arc::new(LockFree::new(bells, 1, sizes)),
            Kind::Mutex => Arc::new(MutexAssign::new(bells, 1)),
        };
        core.edit(&settings);
        settings.users.keys().for_each(|user| core.presence(*user, Presence::Available));
        let mut house = Self { core, settings, tickets: Vec::new() };
        for agent in (1..=APART.0).map(UserId) {
            (0..CAP).for_each(|_| house.take(agent));
        }
        // Whoever looks for an agent in vain forgets those who are full: what shows one again is
        // then seen to do so.
        for group in (1..=GROUPS).map(GroupId) {
            assert_eq!(house.core.arrive(group, slot(0, 0), 0), Arrival::Waiting);
            house.core.cancel(slot(0, 0));
        }
        house.free(UserId(1));
        house.free(APART);
        house
    }

    /// Takes a seat of an agent.
    pub(super) fn take(&mut self, agent: UserId) {
        match self.core.seat(agent, slot(0, SLOTS - 1), 0, SeatKind::Start) {
            SeatOutcome::Seated(seat) => self.tickets.push(seat.ticket),
            other => panic!("agent {agent} is not free: {other:?}"),
        }
    }

    /// One of an agent's tickets.
    pub(super) fn ticket(&mut self, agent: UserId) -> Ticket {
        let at = self.tickets.iter().position(|ticket| ticket.agent() == agent).unwrap();
        self.tickets.swap_remove(at)
    }

    /// Gives a seat of an agent back.
    pub(super) fn free(&mut self, agent: UserId) {
        let ticket = self.ticket(agent);
        self.core.free(ticket, Duration::from_secs(60));
    }

    /// The settings with one user changed.
    pub(super) fn with_user(&self, id: UserId, change: impl FnOnce(&mut User)) -> Settings {
        let mut settings = self.settings.clone();
        change(settings.users.get_mut(&id).unwrap());
        settings
    }
}

pub(super) fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: LaneId::new(lane).unwrap(), index }
}

pub(super) fn cap(seats: u32) -> Cap {
    Cap::new(seats).unwrap()
}

/// Membership of a group whose conversations are received.
pub(super) fn member(group: u32) -> Membership {
    Membership { group: GroupId(group), receives: true }
}

/// The policy so many after `policy`.
pub(super) fn policy_after(policy: Policy, steps: usize) -> Policy {
    let at = Policy::ALL.iter().position(|one| *one == policy).unwrap();
    Policy::ALL[(at + steps) % Policy::ALL.len()]
}

fn settings(policy: Policy) -> Settings {
    let mut settings = Settings::default();
    for (id, after) in (1..=GROUPS).zip(0..) {
        let group = Group {
            id: GroupId(id),
            version: 1,
            operation: OperationId(1),
            name: String::new(),
            active: true,
            policy: policy_after(policy, after),
            newcomer: NewcomerScore::Zero,
            head_start: Duration::ZERO,
            rules: GroupRules::default(),
        };
        settings.groups.insert(group.id, group);
    }
    for id in 1..=APART.0 {
        let groups = if id == APART.0 { GROUPS..=GROUPS } else { 1..=GROUPS - 1 };
        let user = User {
            id: UserId(id),
            version: 1,
            operation: OperationId(1),
            login: String::new(),
            name: String::new(),
            kind: UserKind::Agent,
            active: true,
            groups: groups.map(member).collect(),
            cap: cap(CAP),
            rank: AgentRank(id as u16 % 2),
        };
        settings.users.insert(user.id, user);
    }
    settings
}
