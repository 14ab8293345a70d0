//! A small world around a core: settings that can be edited, and tickets kept by slot.

use std::collections::BTreeMap;
use std::time::Duration;

use distributor::assign::{
    Arrival, Cancelled, Freed, Requeued, Seat, SeatKind, SeatOutcome, Slot, Ticket,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};

use super::Core;

/// Slots below this number are of lane 0, the others of lane 1.
pub(crate) const LANE_ONE: u32 = 100;

/// What a seat asked for by name came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ByName {
    Seated,
    Waiting,
    Full,
    NotAvailable,
    HandedOver,
}

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) settings: Settings,
    pub(crate) held: BTreeMap<Slot, Ticket>,
    /// The last seat taken, its ticket replaced by the agent.
    pub(crate) last: Option<(UserId, model::desk::Why, u8, GroupId)>,
}

pub(crate) fn slot(n: u32) -> Slot {
    Slot { lane: lane((n / LANE_ONE) as u8), index: n % LANE_ONE }
}

pub(crate) fn lane(n: u8) -> LaneId {
    LaneId::new(n).unwrap()
}

pub(crate) fn group(id: u32, policy: Policy) -> Group {
    Group {
        id: GroupId(id),
        version: 1,
        operation: OperationId(1),
        name: format!("group {id}"),
        active: true,
        policy,
        newcomer: NewcomerScore::GroupMinimum,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    }
}

pub(crate) fn agent(id: u32, cap: u8, groups: &[u32]) -> User {
    let membership = |group: &u32| Membership { group: GroupId(*group), receives: true };
    User {
        id: UserId(id),
        version: 1,
        operation: OperationId(1),
        login: format!("agent{id}"),
        name: format!("Agent {id}"),
        kind: UserKind::Agent,
        active: true,
        groups: groups.iter().map(membership).collect(),
        cap: Cap::new(u32::from(cap)).unwrap(),
        rank: AgentRank(0),
    }
}

impl World {
    /// Groups 1, 2, … of these policies; agents 1, 2, … of these caps, all available, all in
    /// every group.
    pub(crate) fn new(policies: &[Policy], caps: &[u8]) -> Self {
        let mut settings = Settings::default();
        let groups: Vec<u32> = (1..).take(policies.len()).collect();
        for (id, policy) in groups.iter().zip(policies) {
            settings.groups.insert(GroupId(*id), group(*id, *policy));
        }
        for (id, cap) in (1..).zip(caps) {
            settings.users.insert(UserId(id), agent(id, *cap, &groups));
        }
        let mut core = Core::new(1);
        core.edit(&settings);
        for user in settings.users.keys() {
            core.presence(*user, Presence::Available);
        }
        Self { core, settings, held: BTreeMap::new(), last: None }
    }

    /// Edits the settings and puts them in force.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.core.edit(&self.settings);
    }

    pub(crate) fn edit_user(&mut self, id: u32, change: impl FnOnce(&mut User)) {
        self.edit(|settings| change(settings.users.get_mut(&UserId(id)).unwrap()));
    }

    pub(crate) fn edit_group(&mut self, id: u32, change: impl FnOnce(&mut Group)) {
        self.edit(|settings| change(settings.groups.get_mut(&GroupId(id)).unwrap()));
    }

    pub(crate) fn cap(&mut self, id: u32, cap: u32) {
        self.edit_user(id, |user| user.cap = Cap::new(cap).unwrap());
    }

    pub(crate) fn join(&mut self, id: u32, group: u32) {
        let membership = Membership { group: GroupId(group), receives: true };
        self.edit_user(id, |user| user.groups.push(membership));
    }

    pub(crate) fn leave(&mut self, id: u32, group: u32) {
        self.edit_user(id, |user| user.groups.retain(|m| m.group != GroupId(group)));
    }

    pub(crate) fn presence(&mut self, id: u32, presence: Presence) {
        self.core.presence(UserId(id), presence);
    }

    /// The agent it was given to, or `None` when it waits. The key is the slot's number.
    pub(crate) fn arrive(&mut self, group: u32, n: u32) -> Option<u32> {
        self.arrive_at(group, n, i64::from(n))
    }

    pub(crate) fn arrive_at(&mut self, group: u32, n: u32, key: i64) -> Option<u32> {
        match self.core.arrive(GroupId(group), slot(n), key) {
            Arrival::Seated(seat) => Some(self.hold(slot(n), seat)),
            Arrival::Waiting => None,
        }
    }

    pub(crate) fn by_name(&mut self, agent: u32, n: u32, kind: SeatKind) -> ByName {
        match self.core.seat(UserId(agent), slot(n), i64::from(n), kind) {
            SeatOutcome::Seated(seat) => {
                self.hold(slot(n), seat);
                ByName::Seated
            }
            SeatOutcome::Waiting => ByName::Waiting,
            SeatOutcome::AgentFull => ByName::Full,
            SeatOutcome::NotAvailable => ByName::NotAvailable,
            SeatOutcome::HandedOver => ByName::HandedOver,
        }
    }

    pub(crate) fn requeue(&mut self, n: u32, group: u32) -> Requeued {
        self.core.requeue(slot(n), GroupId(group), i64::from(n))
    }

    pub(crate) fn free(&mut self, n: u32) -> Freed {
        self.free_after(n, 0)
    }

    pub(crate) fn free_after(&mut self, n: u32, seconds: u64) -> Freed {
        let ticket = self.held.remove(&slot(n)).unwrap();
        self.core.free(ticket, Duration::from_secs(seconds))
    }

    pub(crate) fn cancel(&mut self, n: u32) -> Cancelled {
        self.core.cancel(slot(n))
    }

    /// The next confirmed hand-over of a lane: slot and agent.
    pub(crate) fn ready(&mut self, of: u8) -> Option<(Slot, u32)> {
        let confirmed = self.core.ready(lane(of))?;
        Some((confirmed.slot, self.hold(confirmed.slot, confirmed.seat)))
    }

    /// Every hand-over confirmed, of both lanes.
    pub(crate) fn drain(&mut self) -> Vec<(Slot, u32)> {
        let mut all = Vec::new();
        while let Some(confirmed) = self.ready(0).or_else(|| self.ready(1)) {
            all.push(confirmed);
        }
        all
    }

    pub(crate) fn position(&self, n: u32) -> Option<u32> {
        self.core.position(slot(n))
    }

    pub(crate) fn load(&self, agent: UserId) -> u32 {
        self.held.values().filter(|ticket| ticket.agent() == agent).map(|_| 1).sum()
    }

    pub(crate) fn hold(&mut self, slot: Slot, seat: Seat) -> u32 {
        let agent = seat.ticket.agent();
        self.last = Some((agent, seat.why, seat.charge, seat.group));
        assert!(self.held.insert(slot, seat.ticket).is_none(), "C4: {slot:?} has two seats");
        agent.0
    }
}
