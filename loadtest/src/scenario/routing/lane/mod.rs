//! One thread of the driver: a lane that opens conversations and ends them.

mod churn;
mod order;
mod tally;
mod under_way;
mod waiting;

use std::collections::BTreeSet;
use std::time::Duration;

use distributor::assign::{Cancelled, Slot};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::limit;
use model::people::Presence;
use parking_lot::Mutex;

use super::books::Books;
use super::clock::NanoClock;
use super::driven::{Asked, Driven, Hold};
use super::plan::{Plan, Shape};
use super::turns::Turns;
use crate::random::Random;
use churn::Churn;
use order::Order;
pub(super) use tally::Tally;
pub(super) use under_way::UnderWay;
pub(super) use waiting::{Line, Waiting};

/// What all lanes share.
pub(super) struct World<'a> {
    pub(super) plan: &'a Plan,
    pub(super) core: &'a dyn Driven,
    pub(super) books: &'a Books,
    pub(super) under_way: &'a UnderWay,
    pub(super) clock: &'a dyn NanoClock,
}

/// A lane: its conversations, and what it measured.
#[derive(Debug)]
pub(super) struct Lane {
    id: LaneId,
    random: Random,
    slots: Vec<u32>,
    most_slots: u32,
    held: Vec<Held>,
    pub(super) waiting: Waiting,
    key: i64,
    target: u64,
    rising: bool,
    churn: Option<Churn>,
    order: Order,
    pub(super) tally: Tally,
}

/// What a conversation asked for, and since when.
#[derive(Clone, Copy, Debug)]
struct Asking {
    line: Line,
    key: i64,
    since_ns: u64,
}

/// A conversation that has a seat.
#[derive(Debug)]
struct Held {
    slot: u32,
    hold: Hold,
}

impl World<'_> {
    pub(super) fn back(&self, agent: UserId) {
        self.books.back(agent);
        self.during(|| self.core.presence(agent, Presence::Available));
    }

    fn away(&self, agent: UserId, presence: Presence) {
        self.unrest(|| self.core.presence(agent, presence));
        self.books.away(agent, self.clock.nanos());
    }

    fn edit(&self, settings: &Settings) {
        self.unrest(|| self.core.edit(settings));
    }

    /// Tells the structure of a change that may undo a hand-over.
    fn unrest(&self, tell: impl FnOnce()) {
        self.books.unrest(|| self.clock.nanos(), || self.during(tell));
    }

    /// Presences and settings: the first lane's operations alone.
    fn during(&self, tell: impl FnOnce()) {
        self.under_way.during(LaneId::FIRST, self.clock.nanos(), tell);
    }
}

impl Lane {
    /// One end in so many is of a conversation that still waits.
    const CANCELLED_PART: u64 = 32;
    /// Conversations last up to so many seconds, as the structure is told.
    const LASTS_S: u64 = 600;
    /// Turns between two looks at the end of the leg.
    const TURNS_PER_LOOK: u64 = 32;

    pub(super) fn new(plan: &Plan, id: LaneId) -> Result<Self, hdrhistogram::CreationError> {
        let target = plan.conversations();
        let all = target.max(plan.seats() / u64::from(plan.threads.max(1))) + Plan::SPARE_SLOTS;
        let most_slots = u32::try_from(all).unwrap_or(u32::MAX).min(limit::OPEN_CONVERSATIONS);
        Ok(Self {
            id,
            random: Random::new(plan.seed, u64::from(id.get()) + 1),
            slots: (0..most_slots).rev().collect(),
            most_slots,
            held: Vec::new(),
            waiting: Waiting::default(),
            key: 0,
            target,
            rising: true,
            churn: Churn::new(plan, id.get()),
            order: Order::default(),
            tally: Tally::new()?,
        })
    }

    /// Opens conversations until the utilisation is reached.
    pub(super) fn fill(&mut self, world: &World<'_>) {
        while self.open() < self.target {
            self.arrive(world);
        }
    }

    /// Works through `operations`, or until `until_ns`.
    pub(super) fn work(&mut self, world: &World<'_>, operations: u64, until_ns: u64) {
        for turn in 0..operations {
            if turn % Self::TURNS_PER_LOOK == 0 && world.clock.nanos() >= until_ns {
                return;
            }
            if self.is_arrival_due(world.plan.shape) {
                self.arrive(world);
            } else {
                self.end(world);
            }
            self.tally.operations += 1;
            if self.churn.as_mut().is_some_and(Churn::is_due) {
                self.disturb(world);
            }
        }
    }

    /// Takes every hand-over, from `began_ns` on; how many there were.
    pub(super) fn take_ready(&mut self, world: &World<'_>, began_ns: u64) -> usize {
        let (mut began, mut taken) = (began_ns, 0);
        self.order.look(world.under_way, world.books, self.id, began_ns);
        while let Some((slot, hold)) = self.during(world, began, || world.core.ready(self.id)) {
            let ended = world.clock.nanos();
            self.tally.measure(began, ended);
            self.serve(world, slot.index, hold, began);
            taken += 1;
            began = ended;
        }
        let ended = world.clock.nanos();
        self.tally.spend(began, ended);
        self.tally.violations.order += self.order.judge(&mut self.waiting, world.books, ended);
        taken
    }

    /// An operation of this lane.
    fn during<T>(&self, world: &World<'_>, began_ns: u64, operation: impl FnOnce() -> T) -> T {
        world.under_way.during(self.id, began_ns, operation)
    }

    /// Ends all conversations; those that wait are cancelled.
    pub(super) fn end_all(&mut self, world: &World<'_>) {
        for slot in self.waiting.slots() {
            self.cancel(world, slot);
        }
        while let Some(held) = self.held.pop() {
            self.free(world, held);
        }
    }

    /// Brings everybody and everything back who was changed.
    pub(super) fn restore(&mut self, world: &World<'_>) {
        if let Some(churn) = &mut self.churn {
            churn.restore(world);
        }
    }

    /// Takes so many seats of `group`, if there is room for the conversations; how many there
    /// were. One that must wait ends.
    pub(super) fn probe(&mut self, world: &World<'_>, group: GroupId, seats: u64) -> u64 {
        for seated in 0..seats {
            self.arrive_at(world, group);
            if let Some(slot) = self.waiting.newest(Line::Group(group)) {
                self.cancel(world, slot);
                return seated;
            }
        }
        seats
    }

    /// Ends those who were seated last, until so many are left.
    pub(super) fn shrink(&mut self, world: &World<'_>, leave: usize) {
        while self.held.len() > leave
            && let Some(held) = self.held.pop()
        {
            self.free(world, held);
        }
    }

    pub(super) const fn id(&self) -> LaneId {
        self.id
    }

    /// Conversations with a seat.
    pub(super) fn holds(&self) -> usize {
        self.held.len()
    }

    /// Conversations that could still be opened.
    pub(super) fn room(&self) -> u64 {
        self.slots.len() as u64
    }

    /// Gives `pairs` conversations of `group` a seat, each ended before the next comes.
    pub(super) fn rounds(
        &mut self,
        world: &World<'_>,
        turns: &Mutex<Turns>,
        group: GroupId,
        pairs: u64,
    ) {
        for _ in 0..pairs {
            let before = turns.lock().taken();
            let ended = self.arrive_at(world, group);
            self.take_ready(world, ended);
            {
                let mut turns = turns.lock();
                self.held.iter().for_each(|held| turns.take(held.hold.agent, before));
            }
            self.shrink(world, 0);
        }
    }

    /// Holds these seats from the start.
    pub(super) fn adopt(&mut self, held: impl Iterator<Item = (u32, Hold)>) {
        self.held.extend(held.map(|(slot, hold)| Held { slot, hold }));
        let taken: BTreeSet<u32> = self.held.iter().map(|held| held.slot).collect();
        self.slots.retain(|slot| !taken.contains(slot));
    }

    fn open(&self) -> u64 {
        (self.held.len() + self.waiting.len()) as u64
    }

    fn is_arrival_due(&mut self, shape: Shape) -> bool {
        let (open, target) = (self.open(), self.target);
        let swing = (Plan::BURST / 2).min(target);
        if open == 0 || self.slots.is_empty() {
            return open == 0;
        }
        match shape {
            Shape::Steady => open < target,
            Shape::Bursts => {
                if open >= target + swing || open + swing <= target {
                    self.rising = open < target;
                }
                self.rising
            }
            Shape::Chance => {
                let missing = target as f64 - open as f64;
                self.random.happens(0.5 + missing / (4.0 * swing as f64))
            }
        }
    }

    fn arrive(&mut self, world: &World<'_>) {
        let group = GroupId(1 + self.random.below(u64::from(world.plan.groups)) as u32);
        let ended = self.arrive_at(world, group);
        self.take_ready(world, ended);
    }

    /// A conversation comes to `group`; the time after it.
    fn arrive_at(&mut self, world: &World<'_>, group: GroupId) -> u64 {
        let (began, key) = self.stamp(world);
        let Some(slot) = self.slots.pop() else { return began };
        let line = Line::Group(group);
        let asked = self.during(world, began, || world.core.arrive(group, self.at(slot), key));
        let ended = world.clock.nanos();
        self.tally.measure(began, ended);
        self.came(world, slot, asked, Asking { line, key, since_ns: began });
        ended
    }

    /// A conversation that asked for a seat has its answer.
    fn came(&mut self, world: &World<'_>, slot: u32, asked: Asked, asking: Asking) {
        let Asking { line, key, since_ns } = asking;
        match asked {
            Asked::Seated(hold) => {
                self.waiting.leave(slot);
                self.tally.violations += world.books.take(hold.agent, line.group(), since_ns);
                self.held.push(Held { slot, hold });
                if line.group().is_some() {
                    self.order.serve(line, key);
                }
            }
            Asked::Waiting => {
                self.waiting.leave(slot);
                self.waiting.enter(slot, line, key);
            }
            Asked::Refused if !self.waiting.has(slot) => self.slots.push(slot),
            Asked::Refused | Asked::HandedOver => {}
        }
    }

    /// One conversation ends: seldom one that waits.
    fn end(&mut self, world: &World<'_>) {
        let waits = self.waiting.len() > 0;
        let ended = if waits && (self.held.is_empty() || self.is_one_in(Self::CANCELLED_PART)) {
            self.waiter().inspect(|slot| self.cancel(world, *slot));
            world.clock.nanos()
        } else {
            let one = self.random.below(self.held.len() as u64) as usize;
            let held = self.held.swap_remove(one);
            self.free(world, held)
        };
        self.take_ready(world, ended);
    }

    /// Any of those that wait.
    fn waiter(&mut self) -> Option<u32> {
        self.waiting.near(self.random.below(u64::from(self.most_slots)) as u32)
    }

    fn is_one_in(&mut self, part: u64) -> bool {
        self.random.below(part) == 0
    }

    /// A seat is given back; the time after it.
    fn free(&mut self, world: &World<'_>, held: Held) -> u64 {
        let handled = Duration::from_secs(self.random.below(Self::LASTS_S));
        world.books.give(held.hold.agent);
        let began = world.clock.nanos();
        self.during(world, began, || world.core.free(held.hold, handled));
        let ended = world.clock.nanos();
        self.tally.measure(began, ended);
        self.tally.pairs += 1;
        self.slots.push(held.slot);
        ended
    }

    fn cancel(&mut self, world: &World<'_>, slot: u32) {
        let began = world.clock.nanos();
        let cancelled = self.during(world, began, || world.core.cancel(self.at(slot)));
        if cancelled == Cancelled::NotWaiting {
            self.tally.violations.lost_wakeup += 1;
        }
        self.waiting.leave(slot);
        self.slots.push(slot);
    }

    /// A seat came for a conversation that waited, or so the structure says.
    fn serve(&mut self, world: &World<'_>, slot: u32, hold: Hold, since_ns: u64) {
        let waited = self.waiting.leave(slot);
        let group = waited.and_then(|(line, _)| line.group());
        self.tally.violations += world.books.take(hold.agent, group, since_ns);
        if let Some((line, key)) = waited {
            self.order.serve(line, key);
            return self.held.push(Held { slot, hold });
        }
        self.tally.violations.double_delivery += 1;
        world.books.give(hold.agent);
        world.core.free(hold, Duration::ZERO);
    }

    /// The time, and the next key made of it.
    fn stamp(&mut self, world: &World<'_>) -> (u64, i64) {
        let now = world.clock.nanos();
        self.key = i64::try_from(now).unwrap_or(i64::MAX).max(self.key + 1);
        (now, self.key)
    }

    fn at(&self, slot: u32) -> Slot {
        Slot { lane: self.id, index: slot }
    }
}
