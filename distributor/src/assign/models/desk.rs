//! A small core, and what models do with it.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::JoinHandle;
use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use crate::assign::{Arrival, Assign, Audit, LockFree, Sizes, Slot, Ticket};

/// A small core: two lanes of two slots.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) core: Arc<LockFree>,
    pub(super) settings: Settings,
}

/// Whether an operation has returned, as one thread tells another: what it wrote is seen by who
/// heard of it.
#[derive(Clone)]
pub(super) struct Returned(Arc<AtomicBool>);

impl Desk {
    /// Circular groups 1, 2, …; agents 1, 2, … by cap and groups, all available.
    pub(super) fn new(groups: u32, agents: &[(u32, &[u32])]) -> Self {
        Self::by(&vec![Policy::Circular; groups as usize], agents)
    }

    /// Groups 1, 2, … by policy; agents as above. An agent's rank is his number.
    pub(super) fn by(policies: &[Policy], agents: &[(u32, &[u32])]) -> Self {
        let mut settings = Settings::default();
        for (id, policy) in (1..).zip(policies) {
            settings.groups.insert(GroupId(id), group(id, *policy));
        }
        for (id, (cap, groups)) in (1..).zip(agents) {
            settings.users.insert(UserId(id), agent(id, *cap, groups));
        }
        let groups = policies.len() as u32 + 1;
        let sizes = Sizes { agents: agents.len() as u32, groups, slots: 2 };
        let core = LockFree::new((0..2).map(|_| Bell::new()).collect(), 1, sizes);
        core.edit(&settings);
        for user in settings.users.keys() {
            core.presence(*user, Presence::Available);
        }
        Self { core: Arc::new(core), settings }
    }

    /// Agent 1 has another cap in the settings to come.
    pub(super) fn set_cap(&mut self, cap: u32) {
        self.settings.users.get_mut(&UserId(1)).unwrap().cap = Cap::new(cap).unwrap();
    }

    /// The settings with nobody in any group.
    pub(super) fn without_groups(&self) -> Settings {
        let mut next = self.settings.clone();
        next.users.values_mut().for_each(|user| user.groups.clear());
        next
    }

    /// A seat, straight away; the slot stays free.
    pub(super) fn seat(&self, group: u32) -> Ticket {
        match self.core.arrive(GroupId(group), slot(1, 1), 0) {
            Arrival::Seated(seat) => seat.ticket,
            Arrival::Waiting => panic!("nobody is free"),
        }
    }

    pub(super) fn wait(&self, group: u32, at: Slot) {
        assert_eq!(self.core.arrive(GroupId(group), at, 0), Arrival::Waiting);
    }

    pub(super) fn spawn<T: 'static>(
        &self,
        run: impl FnOnce(&LockFree) -> T + 'static,
    ) -> JoinHandle<T> {
        let core = self.core.clone();
        loom::thread::spawn(move || run(&core))
    }

    /// Takes every hand-over; how many were confirmed.
    pub(super) fn drain(&self) -> Vec<(Slot, Ticket)> {
        let mut all = Vec::new();
        for lane in [0, 1] {
            while let Some(confirmed) = self.core.ready(lane_id(lane)) {
                all.push((confirmed.slot, confirmed.seat.ticket));
            }
        }
        all
    }

    /// Nothing is wrong at rest (H1, H3, H4, I1).
    pub(super) fn audit(&self) -> Vec<(Slot, Ticket)> {
        let taken = self.drain();
        assert_eq!(self.core.audit(), Audit::default());
        assert!(!self.core.hides_anybody(), "an eligible agent whose bit is not set");
        taken
    }
}

impl Default for Returned {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }
}

impl Returned {
    pub(super) fn say(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

pub(super) fn free(core: &LockFree, ticket: Ticket) {
    core.free(ticket, Duration::ZERO);
}

pub(super) fn lane_id(lane: u8) -> LaneId {
    LaneId::new(lane).unwrap()
}

pub(super) fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: lane_id(lane), index }
}

fn group(id: u32, policy: Policy) -> Group {
    Group {
        id: GroupId(id),
        version: 1,
        operation: OperationId(1),
        name: String::new(),
        active: true,
        policy,
        newcomer: NewcomerScore::Zero,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    }
}

fn agent(id: u32, cap: u32, groups: &[u32]) -> User {
    let membership = |group: &u32| Membership { group: GroupId(*group), receives: true };
    User {
        id: UserId(id),
        version: 1,
        operation: OperationId(1),
        login: String::new(),
        name: String::new(),
        kind: UserKind::Agent,
        active: true,
        groups: groups.iter().map(membership).collect(),
        cap: Cap::new(cap).unwrap(),
        rank: AgentRank(id as u16),
    }
}
