//! A world that knows by itself who waits where, who is there and who holds what, and compares
//! after each call.

use std::collections::{BTreeMap, BTreeSet};

use distributor::assign::policy::Ranked;
use distributor::assign::{Audit, Cancelled, Explanation, Freed, Requeued, SeatKind, Slot};
use model::desk::Why;
use model::id::{GroupId, UserId};
use model::people::{Cap, Membership, Policy, Presence, User};

use super::super::world::{ByName, World, slot};
use super::super::{ALWAYS_EXACT, Core};
use super::ops::{AGENTS, GROUPS, Op};

/// A line: an agent's own, or a group's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Own(u32),
    Group(u32),
}

pub(crate) struct Checked {
    world: World,
    presence: BTreeMap<u32, Presence>,
    /// Who waits or is being handed a seat, where, and at which key.
    waiting: BTreeMap<Slot, (Line, i64)>,
    pub(crate) trace: Vec<String>,
    /// Whether the lawful choices are known: on every core while hand-overs are taken at once.
    pub(crate) exact: bool,
}

impl Checked {
    pub(crate) fn new(seed: u64) -> Self {
        let policies = [Policy::Circular, Policy::Random, Policy::LeastCount];
        let mut world = World::new(&policies, &[1, 2, 0, 3, 1, 2]);
        world.core = Core::new(seed);
        world.core.edit(&world.settings);
        let presence = (1..=AGENTS).map(|id| (id, Presence::Offline)).collect();
        Self { world, presence, waiting: BTreeMap::new(), trace: Vec::new(), exact: ALWAYS_EXACT }
    }

    /// Makes one call and checks everything.
    pub(crate) fn step(&mut self, op: &Op) {
        let before = self.in_line();
        self.call(op);
        self.check_positions();
        assert_eq!(self.world.core.audit(), Audit::default());
        if !matches!(op, Op::Ready { .. }) {
            self.check_order(&before);
        }
        if self.in_line().len() == self.waiting.len() {
            self.check_work_is_conserved();
        }
    }

    /// Takes every hand-over under way.
    pub(crate) fn drain(&mut self) {
        for lane in [0, 1] {
            while self.ready(lane) {}
        }
        assert_eq!(self.in_line().len(), self.waiting.len(), "nothing is under way at rest");
        self.check_work_is_conserved();
    }

    /// Lets everybody work without bounds: all who wait are served, all seats come back.
    pub(crate) fn finish(mut self) {
        for group in 1..=GROUPS {
            self.step(&Op::Open { group, active: true });
            for agent in 1..=AGENTS {
                self.step(&Op::Member { agent, group, receives: Some(true) });
            }
        }
        for agent in 1..=AGENTS {
            self.step(&Op::Employ { agent, active: true });
            self.step(&Op::Presence { agent, presence: Presence::Available });
            self.step(&Op::Cap { agent, cap: 80 });
        }
        self.drain();
        assert!(self.waiting.is_empty(), "C6: {:?} was never served", self.waiting);
        while !self.world.held.is_empty() {
            self.step(&Op::Free { which: 0, seconds: 1 });
        }
    }

    fn call(&mut self, op: &Op) {
        match *op {
            Op::Arrive { group, n, key } if self.is_free(slot(n)) => self.arrive(group, n, key),
            Op::ByName { agent, n, kind } if !self.world.held.contains_key(&slot(n)) => {
                self.by_name(agent, n, kind);
            }
            Op::Requeue { which, group } => self.requeue(which, group),
            Op::Free { which, seconds } => self.free(which, seconds),
            Op::Cancel { which } => self.cancel(which),
            Op::Ready { lane } => drop(self.ready(lane)),
            Op::Presence { agent, presence } => {
                self.presence.insert(agent, presence);
                self.world.presence(agent, presence);
            }
            Op::Arrive { .. } | Op::ByName { .. } => {}
            _ => self.edit(op),
        }
    }

    fn edit(&mut self, op: &Op) {
        let world = &mut self.world;
        match *op {
            Op::Cap { agent, cap } => {
                world.edit_user(agent, |user| user.cap = Cap::new(cap).unwrap());
            }
            Op::Rank { agent, rank } => world.edit_user(agent, |user| user.rank.0 = rank),
            Op::Employ { agent, active } => world.edit_user(agent, |user| user.active = active),
            Op::Policy { group, policy } => world.edit_group(group, |g| g.policy = policy),
            Op::Open { group, active } => world.edit_group(group, |g| g.active = active),
            Op::Member { agent, group, receives } => world.edit_user(agent, |user| {
                let group = GroupId(group);
                user.groups.retain(|membership| membership.group != group);
                user.groups.extend(receives.map(|receives| Membership { group, receives }));
            }),
            _ => unreachable!("{op:?} is no edit"),
        }
    }

    fn arrive(&mut self, group: u32, n: u32, key: i64) {
        let choice = self.world.core.choice(GroupId(group));
        let queue = self.line(Line::Group(group));
        let told = self.world.core.explain_arrival(GroupId(group)).unwrap();
        self.check_all_told(group, &told);
        let seated = self.world.arrive_at(group, n, key);
        self.trace.push(format!("{group} {n} {seated:?}"));
        let Some(agent) = seated else {
            assert!(!queue.is_empty() || told.ranking.order.is_empty(), "{told:?}");
            self.waiting.insert(slot(n), (Line::Group(group), key));
            return;
        };
        assert!(queue.is_empty(), "C7: {n} overtook {queue:?}");
        if self.exact {
            let lawful = choice.unwrap().lawful;
            assert!(lawful.contains(&UserId(agent)), "{agent} of {lawful:?}");
        }
        self.check_seated(agent, Some(group), false);
        let policy = self.world.settings.groups[&GroupId(group)].policy;
        let Why::Policy { policy: by, key } = self.world.last.unwrap().1 else {
            panic!("an arrival is seated by a policy");
        };
        assert_eq!(by, policy);
        let chosen = Ranked { agent: UserId(agent), key };
        assert!(told.ranking.lawful().contains(&chosen), "{chosen:?} of {told:?}");
    }

    /// Each member of a group is told of once, either ranked or passed.
    fn check_all_told(&self, group: u32, told: &Explanation) {
        let of_group = |user: &&User| user.groups.iter().any(|m| m.group == GroupId(group));
        let users = self.world.settings.users.values().filter(|user| user.active);
        let ranked = told.ranking.order.iter().map(|ranked| ranked.agent);
        let mut all: Vec<_> = ranked.chain(told.passed.iter().map(|(agent, _)| *agent)).collect();
        all.sort();
        assert_eq!(all, users.filter(of_group).map(|user| user.id).collect::<Vec<_>>());
    }

    fn by_name(&mut self, agent: u32, n: u32, kind: SeatKind) {
        let handed = self.is_handed(slot(n));
        let outcome = self.world.by_name(agent, n, kind);
        self.trace.push(format!("{agent} {n} {outcome:?}"));
        assert_eq!(outcome == ByName::HandedOver, handed);
        match outcome {
            ByName::Seated => {
                self.waiting.remove(&slot(n));
                let paused_ok = kind == SeatKind::Transfer { paused_ok: true };
                self.check_seated(agent, None, paused_ok);
            }
            ByName::Waiting => {
                assert_eq!(kind, SeatKind::Back);
                self.waiting.insert(slot(n), (Line::Own(agent), i64::from(n)));
            }
            ByName::Full | ByName::NotAvailable | ByName::HandedOver => {}
        }
    }

    fn requeue(&mut self, which: usize, group: u32) {
        let Some(at) = pick(&self.waiting, which) else { return };
        let n = u32::from(at.lane.get()) * 100 + at.index;
        let handed = self.is_handed(at);
        match self.world.requeue(n, group) {
            Requeued::HandedOver => assert!(handed),
            Requeued::Waiting => {
                assert!(!handed);
                self.waiting.insert(at, (Line::Group(group), i64::from(n)));
            }
            Requeued::Seated(seat) => {
                assert!(!handed);
                self.waiting.remove(&at);
                assert!(self.line(Line::Group(group)).is_empty());
                let agent = self.world.hold(at, seat);
                self.check_seated(agent, Some(group), false);
            }
        }
    }

    fn free(&mut self, which: usize, seconds: u64) {
        let Some(at) = pick(&self.world.held, which) else { return };
        let before = self.in_line().len();
        let freed = self.world.free_after(u32::from(at.lane.get()) * 100 + at.index, seconds);
        let handed = before - self.in_line().len();
        self.trace.push(format!("{at:?} {freed:?}"));
        assert_eq!(handed, usize::from(freed == Freed::HandedOver));
    }

    fn cancel(&mut self, which: usize) {
        let Some(at) = pick(&self.waiting, which) else { return };
        let handed = self.is_handed(at);
        let want = if handed { Cancelled::Freed } else { Cancelled::Cancelled };
        assert_eq!(self.world.core.cancel(at), want);
        self.waiting.remove(&at);
        assert_eq!(self.world.core.cancel(at), Cancelled::NotWaiting);
    }

    fn ready(&mut self, lane: u8) -> bool {
        let confirmed = self.world.ready(lane);
        self.trace.push(format!("{lane} {confirmed:?}"));
        let Some((at, agent)) = confirmed else { return false };
        assert_eq!(at.lane.get(), lane);
        let (line, _) = self.waiting.remove(&at).unwrap();
        match line {
            Line::Own(own) => {
                assert_eq!(own, agent);
                self.check_seated(agent, None, false);
            }
            Line::Group(group) => self.check_seated(agent, Some(group), false),
        }
        assert_eq!(self.world.last.unwrap().1, Why::FreedSeat);
        true
    }

    /// C5, and that the agent might be reserved at all.
    fn check_seated(&self, agent: u32, group: Option<u32>, paused_ok: bool) {
        let user = &self.world.settings.users[&UserId(agent)];
        let load = self.world.load(user.id);
        assert!(load <= u32::from(user.cap.get()), "C5: {load} of {} at {agent}", user.cap.get());
        let presence = self.presence[&agent];
        let there = presence == Presence::Available || paused_ok && presence == Presence::Paused;
        assert!(there && user.active, "{agent} is {presence:?}");
        assert!(group.is_none_or(|group| self.receives(agent, group)), "{agent} in {group:?}");
    }

    /// C9: in each line the places are 1 to n, by key, lane and slot.
    fn check_positions(&self) {
        let mut lines: BTreeMap<Line, Vec<(i64, Slot)>> = BTreeMap::new();
        for at in self.in_line() {
            let (line, key) = self.waiting[&at];
            lines.entry(line).or_default().push((key, at));
        }
        for line in lines.values_mut() {
            line.sort();
            for (place, (_, at)) in (1..).zip(line) {
                assert_eq!(self.world.core.position(*at), Some(place));
                assert!(self.world.core.explain(*at).is_some());
            }
        }
        for at in self.world.held.keys() {
            assert_eq!(self.world.core.position(*at), None);
            assert_eq!(self.world.core.explain(*at), None);
        }
    }

    /// C7: whoever was handed a seat stood before all who still wait in the line.
    fn check_order(&self, before: &BTreeSet<Slot>) {
        let now = self.in_line();
        let handed = before.difference(&now).filter(|at| self.waiting.contains_key(at));
        for at in handed {
            let (line, key) = self.waiting[at];
            let passed = self.line(line).into_iter().find(|other| *other < (key, *at));
            assert_eq!(passed, None, "overtaken by {at:?}");
        }
    }

    /// C7, when nothing is under way: nobody waits whom somebody could serve.
    fn check_work_is_conserved(&self) {
        for (at, (line, _)) in &self.waiting {
            let idle = (1..=AGENTS).find(|agent| self.could_serve(*agent, *line));
            assert_eq!(idle, None, "C7: {at:?} waits in {line:?}");
        }
    }

    fn could_serve(&self, agent: u32, line: Line) -> bool {
        let user = &self.world.settings.users[&UserId(agent)];
        let serves = match line {
            Line::Own(own) => own == agent,
            Line::Group(group) => self.receives(agent, group),
        };
        let there = user.active && self.presence[&agent] == Presence::Available;
        serves && there && self.world.load(user.id) < u32::from(user.cap.get())
    }

    fn receives(&self, agent: u32, group: u32) -> bool {
        let settings = &self.world.settings;
        let user = &settings.users[&UserId(agent)];
        let member = |m: &Membership| m.group == GroupId(group) && m.receives;
        settings.groups[&GroupId(group)].active && user.active && user.groups.iter().any(member)
    }

    fn is_free(&self, at: Slot) -> bool {
        !self.waiting.contains_key(&at) && !self.world.held.contains_key(&at)
    }

    fn is_handed(&self, at: Slot) -> bool {
        self.waiting.contains_key(&at) && self.world.core.position(at).is_none()
    }

    /// Who really waits: not those being handed a seat.
    fn in_line(&self) -> BTreeSet<Slot> {
        let waits = |at: &&Slot| self.world.core.position(**at).is_some();
        self.waiting.keys().filter(waits).copied().collect()
    }

    fn line(&self, line: Line) -> Vec<(i64, Slot)> {
        let of_line = |at: Slot| (self.waiting[&at].0 == line).then(|| (self.waiting[&at].1, at));
        self.in_line().into_iter().filter_map(of_line).collect()
    }
}

fn pick<T>(of: &BTreeMap<Slot, T>, which: usize) -> Option<Slot> {
    of.keys().nth(which.checked_rem(of.len())?).copied()
}
