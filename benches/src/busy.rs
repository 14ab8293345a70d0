//! Houses at a given load.

use std::hint::black_box;

use distributor::assign::{Arrival, Assign, Slot, Ticket};
use model::id::{GroupId, LaneId};

use crate::house::GROUP;
use crate::seats::{HANDLED, Seats};

/// Seats taken of one lane. Each turn takes one, and gives back any of the others.
#[derive(Debug)]
pub struct Busy<T> {
    lane: LaneId,
    groups: u32,
    held: Vec<T>,
    drawn: u64,
}

impl<T: Send> Busy<T> {
    /// With the seats taken already.
    pub fn with(lane: LaneId, held: Vec<T>) -> Self {
        Self { lane, groups: 1, held, drawn: 1 }
    }

    /// Takes so many seats, of `groups` groups by chance.
    pub fn new(seats: &impl Seats<Ticket = T>, lane: LaneId, groups: u32, taken: u32) -> Self {
        let held = Vec::with_capacity(taken as usize);
        let mut busy = Self { groups, ..Self::with(lane, held) };
        for _ in 0..taken {
            let group = busy.group();
            busy.held.extend(seats.take(lane, group));
        }
        busy
    }

    /// One seat is taken, and another one given back. Which one is drawn first: a lane that ends a
    /// conversation has its ticket at hand, so no structure is to wait for the bench's own memory.
    #[inline]
    pub fn turn(&mut self, seats: &impl Seats<Ticket = T>) {
        let group = self.group();
        let Some(old) = self.draw() else { return };
        match seats.take(self.lane, group) {
            Some(ticket) => {
                seats.give(old);
                self.held.push(ticket);
            }
            None => self.held.push(old),
        }
    }

    /// Any of those held, which is held no more.
    #[inline]
    pub fn draw(&mut self) -> Option<T> {
        let at = self.below(self.held.len());
        (at < self.held.len()).then(|| self.held.swap_remove(at))
    }

    /// The group that is due: any.
    #[inline]
    pub fn group(&mut self) -> GroupId {
        match self.groups {
            1 => GROUP,
            groups => GroupId(1 + self.below(groups as usize) as u32),
        }
    }

    #[inline]
    fn below(&mut self, bound: usize) -> usize {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.drawn >> 32) as usize * bound) >> 32
    }
}

/// A full house with a queue. Each turn one conversation comes and waits, one ends, and the
/// oldest that waited has its seat.
#[derive(Debug)]
pub struct Queue {
    busy: Busy<Ticket>,
    free_slot: u32,
    key: i64,
}

impl Queue {
    const LANE: LaneId = LaneId::FIRST;

    /// Takes all `seats`, and lets `waiting` more wait.
    pub fn new(core: &impl Assign, seats: u32, waiting: u32) -> Self {
        let busy = Busy::new(core, Self::LANE, 1, seats);
        let mut queue = Self { busy, free_slot: 0, key: 0 };
        for slot in 0..waiting {
            queue.free_slot = slot;
            queue.arrive(core);
        }
        queue.free_slot = waiting;
        queue
    }

    /// One comes, one ends, one is served: the owner's step for it included.
    #[inline]
    pub fn turn(&mut self, core: &impl Assign) {
        self.arrive(core);
        let Some(ticket) = self.busy.draw() else { return };
        black_box(core.free(ticket, HANDLED));
        if let Some(confirmed) = core.ready(Self::LANE) {
            self.free_slot = confirmed.slot.index;
            self.busy.held.push(confirmed.seat.ticket);
        }
    }

    #[inline]
    fn arrive(&mut self, core: &impl Assign) {
        self.key += 1;
        let slot = Slot { lane: Self::LANE, index: self.free_slot };
        if let Arrival::Seated(seat) = core.arrive(GROUP, slot, self.key) {
            self.busy.held.push(seat.ticket);
        }
    }
}
