//! Random calls of every kind on any core, and a log of everything it answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Cancelled, Freed, Requeued, Restore, RestoredSeat, RestoredWait, Seat,
    SeatKind, SeatOutcome, Slot, Ticket,
};
use model::desk::Settings;
use model::fold::Score;
use model::id::{GroupId, UserId};
use model::people::{Cap, Membership, Policy, Presence};
use proptest::prelude::*;
use storage::port::Bell;

use super::super::property::ops::{self, AGENTS, GROUPS, Op};
use super::super::world::{agent, group, lane, slot};

/// A call, or something only the settings or a restart can do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Call(Op),
    /// The settings have an agent no more, or again.
    Vanish(u32),
    /// The settings have a group no more, or again.
    Delete(u32),
    /// The core starts anew from what the log would show.
    Restart,
}

/// How often each kind of call came to each end.
pub(crate) type Ends = BTreeMap<&'static str, u32>;

/// Makes a core for lanes with these bells.
pub(crate) type Make<C> = fn(Vec<Arc<Bell>>) -> C;

/// Where a conversation waits: its group, its key, and in whose own line.
type Wait = (GroupId, i64, Option<UserId>);

/// A core, and what its lanes know.
pub(crate) struct Logged<C> {
    make: Make<C>,
    core: C,
    settings: Settings,
    gone: Settings,
    presence: BTreeMap<UserId, Presence>,
    held: BTreeMap<Slot, (Ticket, u8)>,
    waiting: BTreeMap<Slot, Wait>,
    pub(crate) log: Vec<String>,
    pub(crate) ends: Ends,
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        40 => ops::any(2).prop_map(|ops| Step::Call(ops[0].clone())),
        1 => (1..=AGENTS).prop_map(Step::Vanish),
        1 => (1..=GROUPS).prop_map(Step::Delete),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..most)
}

fn bells() -> Vec<Arc<Bell>> {
    (0..2).map(|_| Bell::new()).collect()
}

impl<C: Assign> Logged<C> {
    pub(crate) fn new(make: Make<C>, policies: [Policy; GROUPS as usize]) -> Self {
        let mut settings = Settings::default();
        for (id, policy) in (1..).zip(policies) {
            settings.groups.insert(GroupId(id), group(id, policy));
        }
        for (id, cap) in (1..=AGENTS).zip([1, 1, 0, 2, 1, 1]) {
            settings.users.insert(UserId(id), agent(id, cap, &[1, 2, 3]));
        }
        let core = make(bells());
        core.edit(&settings);
        let presence: BTreeMap<UserId, Presence> =
            settings.users.keys().map(|id| (*id, Presence::Available)).collect();
        presence.iter().for_each(|(id, presence)| core.presence(*id, *presence));
        Self {
            make,
            core,
            settings,
            gone: Settings::default(),
            presence,
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            log: Vec::new(),
            ends: Ends::new(),
        }
    }

    pub(crate) fn run(&mut self, step: &Step) {
        match step {
            Step::Call(op) => self.call(op),
            Step::Vanish(id) => {
                let (here, gone) = (&mut self.settings.users, &mut self.gone.users);
                move_over(here, gone, UserId(*id));
                self.edit("vanish");
            }
            Step::Delete(id) => {
                let (here, gone) = (&mut self.settings.groups, &mut self.gone.groups);
                move_over(here, gone, GroupId(*id));
                self.edit("delete");
            }
            Step::Restart => self.restart(),
        }
        self.look();
    }

    /// Takes every hand-over.
    pub(crate) fn drain(&mut self) {
        let before = self.log.len();
        while self.ready(0) || self.ready(1) {}
        // A core may tell a lane of several hand-overs in any order.
        self.log[before..].sort();
    }

    fn call(&mut self, op: &Op) {
        match *op {
            Op::Arrive { group, n, key } if self.is_free(n) => self.arrive(GroupId(group), n, key),
            Op::ByName { agent, n, kind } if !self.held.contains_key(&slot(n)) => {
                self.by_name(UserId(agent), n, kind);
            }
            Op::Arrive { .. } | Op::ByName { .. } => {}
            Op::Requeue { which, group } => self.requeue(which, GroupId(group)),
            Op::Free { which, seconds } => self.free(which, seconds),
            Op::Cancel { which } => self.cancel(which),
            Op::Ready { lane } => _ = self.ready(lane),
            Op::Presence { agent, presence } => {
                self.presence.insert(UserId(agent), presence);
                self.core.presence(UserId(agent), presence);
                self.note("presence", "");
            }
            _ => self.change(op),
        }
    }

    fn change(&mut self, op: &Op) {
        let users = &mut self.settings.users;
        let kind = match *op {
            Op::Cap { agent, cap } => {
                users.entry(UserId(agent)).and_modify(|u| u.cap = Cap::new(cap).unwrap());
                "cap"
            }
            Op::Rank { agent, rank } => {
                users.entry(UserId(agent)).and_modify(|user| user.rank.0 = rank);
                "rank"
            }
            Op::Employ { agent, active } => {
                users.entry(UserId(agent)).and_modify(|user| user.active = active);
                "employ"
            }
            Op::Member { agent, group, receives } => {
                let group = GroupId(group);
                users.entry(UserId(agent)).and_modify(|user| {
                    user.groups.retain(|membership| membership.group != group);
                    user.groups.extend(receives.map(|receives| Membership { group, receives }));
                });
                "member"
            }
            Op::Policy { group, policy } => {
                let groups = &mut self.settings.groups;
                groups.entry(GroupId(group)).and_modify(|group| group.policy = policy);
                "policy"
            }
            Op::Open { group, active } => {
                let groups = &mut self.settings.groups;
                groups.entry(GroupId(group)).and_modify(|group| group.active = active);
                "open"
            }
            _ => unreachable!("{op:?} is no edit"),
        };
        self.edit(kind);
    }

    fn edit(&mut self, kind: &'static str) {
        self.core.edit(&self.settings);
        self.note(kind, "");
    }

    fn arrive(&mut self, group: GroupId, n: u32, key: i64) {
        match self.core.arrive(group, slot(n), key) {
            Arrival::Seated(seat) => self.hold("arrive: seated", slot(n), seat),
            Arrival::Waiting => self.wait("arrive: waiting", slot(n), (group, key, None)),
        }
    }

    fn by_name(&mut self, agent: UserId, n: u32, kind: SeatKind) {
        let at = slot(n);
        match self.core.seat(agent, at, i64::from(n), kind) {
            SeatOutcome::Seated(seat) => self.hold("seat: seated", at, seat),
            SeatOutcome::Waiting => {
                let group = self.waiting.get(&at).map_or(GroupId(1), |wait| wait.0);
                self.wait("seat: waiting", at, (group, i64::from(n), Some(agent)));
            }
            SeatOutcome::AgentFull => self.note("seat: full", agent),
            SeatOutcome::NotAvailable => self.note("seat: not available", agent),
            SeatOutcome::HandedOver => self.note("seat: handed over", at),
        }
    }

    fn requeue(&mut self, which: usize, group: GroupId) {
        let Some(at) = pick(&self.waiting, which) else { return };
        match self.core.requeue(at, group, 3) {
            Requeued::Seated(seat) => self.hold("requeue: seated", at, seat),
            Requeued::Waiting => self.wait("requeue: waiting", at, (group, 3, None)),
            Requeued::HandedOver => self.note("requeue: handed over", at),
        }
    }

    fn free(&mut self, which: usize, seconds: u64) {
        let Some(at) = pick(&self.held, which) else { return };
        let Some((ticket, _)) = self.held.remove(&at) else { return };
        match self.core.free(ticket, Duration::from_secs(seconds)) {
            Freed::HandedOver => self.note("free: handed over", at),
            Freed::Released => self.note("free: released", at),
        }
    }

    fn cancel(&mut self, which: usize) {
        let Some(at) = pick(&self.waiting, which) else { return };
        self.waiting.remove(&at);
        match self.core.cancel(at) {
            Cancelled::Cancelled => self.note("cancel: cancelled", at),
            Cancelled::Freed => self.note("cancel: freed", at),
            Cancelled::NotWaiting => panic!("C9: {at:?} is lost"),
        }
    }

    fn ready(&mut self, of: u8) -> bool {
        let Some(confirmed) = self.core.ready(lane(of)) else { return false };
        self.hold("ready", confirmed.slot, confirmed.seat);
        true
    }

    /// The log forgets no group that it ever named.
    fn restart(&mut self) {
        self.settings.groups.append(&mut self.gone.groups);
        let mut scores: BTreeMap<UserId, Score> = BTreeMap::new();
        for (ticket, charge) in self.held.values() {
            scores.entry(ticket.agent()).or_default().reserve(*charge);
        }
        let seated = self.held.iter().map(|(slot, (ticket, charge))| RestoredSeat {
            slot: *slot,
            agent: ticket.agent(),
            charge: *charge,
        });
        let waiting = self.waiting.iter().map(|(slot, (group, key, agent))| RestoredWait {
            slot: *slot,
            group: *group,
            key: *key,
            agent: *agent,
        });
        let last = self.held.values().next().map(|(ticket, _)| (GroupId(1), ticket.agent()));
        let state = Restore {
            settings: self.settings.clone(),
            presence: self.presence.clone(),
            seated: seated.collect(),
            waiting: waiting.collect(),
            scores,
            cursors: last.into_iter().collect(),
        };
        self.core = (self.make)(bells());
        let charges: BTreeMap<Slot, u8> = self.held.iter().map(|(s, h)| (*s, h.1)).collect();
        let tickets = self.core.restore(state);
        self.held = tickets.into_iter().map(|(slot, t)| (slot, (t, charges[&slot]))).collect();
        self.note("restart", "");
    }

    fn hold(&mut self, end: &'static str, at: Slot, seat: Seat) {
        let Seat { ticket, group, cap, charge, why, .. } = seat;
        self.note(end, (at, ticket.agent(), group, cap, charge, why));
        self.waiting.remove(&at);
        let before = self.held.insert(at, (ticket, charge));
        assert!(before.is_none(), "C4: {at:?} has two seats");
    }

    fn wait(&mut self, end: &'static str, at: Slot, place: Wait) {
        self.note(end, (at, place));
        self.waiting.insert(at, place);
    }

    /// Where everybody stands, and why.
    fn look(&mut self) {
        for at in self.waiting.keys() {
            let line = format!("{at:?} {:?} {:?}", self.core.position(*at), self.core.explain(*at));
            self.log.push(line);
        }
        let waiting: Vec<u32> =
            (1..=GROUPS).map(|group| self.core.waiting(GroupId(group))).collect();
        self.log.push(format!("{waiting:?}"));
        assert_eq!(self.core.audit(), Default::default());
    }

    fn note(&mut self, end: &'static str, what: impl std::fmt::Debug) {
        *self.ends.entry(end).or_default() += 1;
        self.log.push(format!("{end} {what:?}"));
    }

    fn is_free(&self, n: u32) -> bool {
        !self.waiting.contains_key(&slot(n)) && !self.held.contains_key(&slot(n))
    }
}

fn pick<T>(of: &BTreeMap<Slot, T>, which: usize) -> Option<Slot> {
    of.keys().nth(which.checked_rem(of.len())?).copied()
}

fn move_over<K: Ord + Copy, V>(here: &mut BTreeMap<K, V>, there: &mut BTreeMap<K, V>, id: K) {
    match (here.remove(&id), there.remove(&id)) {
        (Some(one), _) => _ = there.insert(id, one),
        (None, other) => here.extend(other.map(|other| (id, other))),
    }
}
