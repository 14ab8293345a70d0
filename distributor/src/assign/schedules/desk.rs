use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use parking_lot::Mutex;
use storage::port::Bell;

use super::Dice;
use crate::assign::{Assign, LockFree, Seat, Sizes, Slot};

pub(super) const GROUPS: u32 = 3;
pub(super) const SLOTS: u32 = 3;

/// How large a house is.
#[derive(Clone, Copy, Debug)]
pub(super) struct House {
    /// Agents without a seat, who come first.
    pub(super) idle: u32,
    /// The fewest others; there may be two more.
    pub(super) agents: u32,
    pub(super) lanes: u8,
    /// From one slot in use to the next.
    pub(super) stride: u32,
}

/// A core, and what its callers know of its agents.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) core: LockFree,
    pub(super) house: House,
    known: Mutex<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    policies: [Policy; GROUPS as usize],
    agents: Vec<Agent>,
}

/// An agent as the last change left him, or the one that is being made will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) presence: Presence,
    pub(super) cap: u32,
    pub(super) rank: u16,
    /// The groups he receives, a bit each.
    pub(super) groups: u32,
    /// Odd while a change of him is being made.
    pub(super) changes: u32,
    /// His generation after the last change.
    pub(super) generation: u16,
}

/// What was known before a call.
pub(super) struct Before(Vec<Agent>);

impl Desk {
    /// Three groups and their agents, as the dice have it.
    pub(super) fn new(house: House, dice: &mut Dice) -> Self {
        let idle = Agent { cap: 0, groups: 1, ..Agent::any(dice) };
        let mut agents = vec![idle; house.idle as usize];
        agents.extend((0..house.agents + dice.below(3)).map(|_| Agent::any(dice)));
        let policies = [(); GROUPS as usize].map(|()| dice.pick(&Policy::ALL));
        Self::of(house, policies, agents, u64::from(dice.below(u32::MAX)))
    }

    /// These groups and agents, by number from 1.
    pub(super) fn of(
        house: House,
        policies: [Policy; GROUPS as usize],
        agents: Vec<Agent>,
        seed: u64,
    ) -> Self {
        let sizes =
            Sizes { agents: agents.len() as u32, groups: GROUPS + 1, slots: SLOTS * house.stride };
        let bells = (0..house.lanes).map(|_| Bell::new()).collect();
        let core = LockFree::new(bells, seed, sizes);
        let mut known = Known { policies, agents };
        core.edit(&known.settings());
        for (id, agent) in (1..).zip(&mut known.agents) {
            core.presence(UserId(id), agent.presence);
            agent.generation = core.generation_of(UserId(id));
        }
        Self { core, house, known: Mutex::new(known) }
    }

    /// One of those who may have seats.
    pub(super) fn any_user(&self, dice: &mut Dice) -> UserId {
        let known = self.known.lock().agents.len() as u32;
        UserId(1 + self.house.idle + dice.below(known - self.house.idle))
    }

    pub(super) fn slot(&self, lane: LaneId, number: u32) -> Slot {
        Slot { lane, index: number * self.house.stride }
    }

    /// One agent is, or receives, something else. One thread at a time.
    pub(super) fn change(&self, user: UserId, change: impl Fn(&mut Agent)) {
        let at = user.0 as usize - 1;
        let (before, known) = {
            let mut known = self.known.lock();
            let before = known.agents[at];
            change(&mut known.agents[at]);
            known.agents[at].changes += 1;
            (before, known.clone())
        };
        let now = known.agents[at];
        if now.presence != before.presence {
            self.core.presence(user, now.presence);
        }
        if (now.cap, now.rank, now.groups) != (before.cap, before.rank, before.groups) {
            self.core.edit(&known.settings());
        }
        let generation = self.core.generation_of(user);
        let agent = &mut self.known.lock().agents[at];
        agent.changes += 1;
        agent.generation = generation;
    }

    /// A group gets another policy.
    pub(super) fn decide_by(&self, group: GroupId, policy: Policy) {
        let known = {
            let mut known = self.known.lock();
            known.policies[group.0 as usize - 1] = policy;
            known.clone()
        };
        self.core.edit(&known.settings());
    }

    /// Everybody works without bounds.
    pub(super) fn let_everybody_work(&self) {
        let known = {
            let mut known = self.known.lock();
            for agent in &mut known.agents {
                *agent = Agent { presence: Presence::Available, cap: 80, groups: 7, ..*agent };
            }
            known.clone()
        };
        self.core.edit(&known.settings());
        for id in (1..).take(known.agents.len()) {
            self.core.presence(UserId(id), Presence::Available);
        }
    }

    pub(super) fn before(&self) -> Before {
        Before(self.known.lock().agents.clone())
    }

    /// A seat given between `before` and now is of an agent who could have it: what did not change
    /// meanwhile was so when the seat was taken; and whatever forbids a seat moves the generation,
    /// so what is known of the seat's generation was so too, or it was stricter.
    pub(super) fn check(&self, before: &Before, seat: &Seat, of_group: bool, paused_ok: bool) {
        let at = seat.ticket.agent().0 as usize - 1;
        let (then, now) = (before.0[at], self.known.lock().agents[at]);
        let (settled, same) = (now.changes.is_multiple_of(2), then == now);
        if !settled || !same && seat.gen_at_seat != now.generation {
            return;
        }
        let there =
            now.presence == Presence::Available || paused_ok && now.presence == Presence::Paused;
        assert!(there, "H5: {seat:?} of {now:?}");
        let receives = now.groups >> (seat.group.0 - 1) & 1 == 1;
        assert!(receives || !of_group, "a stranger: {seat:?} of {now:?}");
        assert!(u32::from(seat.cap) == now.cap || !same, "H1: {seat:?} of {now:?}");
    }
}

impl Agent {
    fn any(dice: &mut Dice) -> Self {
        let presence = match dice.below(8) {
            0 => Presence::Paused,
            1 => Presence::Offline,
            _ => Presence::Available,
        };
        let (cap, groups) = (dice.pick(&[0, 1, 1, 1, 2, 2, 3]), 1 + dice.below(7));
        Self { presence, cap, rank: dice.below(2) as u16, groups, changes: 0, generation: 0 }
    }
}

impl Known {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (id, policy) in (1..).zip(self.policies) {
            settings.groups.insert(GroupId(id), group(id, policy));
        }
        for (id, agent) in (1..).zip(&self.agents) {
            settings.users.insert(UserId(id), user(id, agent));
        }
        settings
    }
}

fn group(id: u32, policy: Policy) -> Group {
    Group {
        id: GroupId(id),
        version: 1,
        operation: OperationId(1),
        name: String::new(),
        active: true,
        policy,
        newcomer: NewcomerScore::GroupMinimum,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    }
}

fn user(id: u32, agent: &Agent) -> User {
    let of = (1..=GROUPS).filter(|group| agent.groups >> (group - 1) & 1 == 1);
    User {
        id: UserId(id),
        version: 1,
        operation: OperationId(1),
        login: String::new(),
        name: String::new(),
        kind: UserKind::Agent,
        active: true,
        groups: of.map(|id| Membership { group: GroupId(id), receives: true }).collect(),
        cap: Cap::new(agent.cap).unwrap(),
        rank: AgentRank(agent.rank),
    }
}
