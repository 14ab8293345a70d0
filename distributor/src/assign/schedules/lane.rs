use std::collections::BTreeMap;
use std::time::Duration;

use model::id::{GroupId, LaneId};
use model::people::{Policy, Presence};

use super::Dice;
use super::desk::{Desk, GROUPS, SLOTS};
use crate::assign::{
    Arrival, Assign, Cancelled, Requeued, Seat, SeatKind, SeatOutcome, Slot, Ticket,
};

/// A lane: its slots with a seat, and those that wait or are handed one.
#[derive(Debug)]
pub(super) struct Lane {
    id: LaneId,
    dice: Dice,
    pub(super) held: BTreeMap<Slot, Ticket>,
    /// Whether each waits in a group's line.
    pub(super) waiting: BTreeMap<Slot, bool>,
}

impl Lane {
    pub(super) fn new(number: u8, dice: Dice) -> Self {
        let id = LaneId::new(number).unwrap();
        Self { id, dice, held: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// Conversations come and go. Lane 0 is the one that edits.
    pub(super) fn work(&mut self, desk: &Desk, steps: u32) {
        for _ in 0..steps {
            if self.id == LaneId::FIRST && self.dice.one_in(3) {
                self.manage(desk);
            } else {
                self.step(desk);
            }
        }
    }

    /// Conversations come to every slot.
    pub(super) fn fill(&mut self, desk: &Desk) {
        for number in 0..SLOTS {
            if !self.dice.one_in(3) {
                self.arrive(desk, desk.slot(self.id, number));
            }
        }
    }

    /// Takes every hand-over.
    pub(super) fn take_ready(&mut self, desk: &Desk) {
        while self.take_one(desk) {}
    }

    /// Ends every conversation that has a seat.
    pub(super) fn end_all(&mut self, desk: &Desk) {
        for ticket in std::mem::take(&mut self.held).into_values() {
            desk.core.free(ticket, Duration::from_secs(20));
        }
    }

    fn step(&mut self, desk: &Desk) {
        let slot = desk.slot(self.id, self.dice.below(SLOTS));
        if self.dice.one_in(4) {
            self.take_ready(desk);
        } else if let Some(ticket) = self.held.remove(&slot) {
            desk.core.free(ticket, Duration::from_secs(u64::from(self.dice.below(300))));
        } else if !self.waiting.contains_key(&slot) {
            match self.dice.one_in(4) {
                true => self.call(desk, slot),
                false => self.arrive(desk, slot),
            }
        } else {
            match self.dice.below(4) {
                0 => self.cancel(desk, slot),
                1 => self.requeue(desk, slot),
                2 => self.call(desk, slot),
                _ => drop(self.take_one(desk)),
            }
        }
    }

    fn take_one(&mut self, desk: &Desk) -> bool {
        let before = desk.before();
        let Some(confirmed) = desk.core.ready(self.id) else { return false };
        let in_group = self.waiting.remove(&confirmed.slot);
        assert!(in_group.is_some(), "H2: {confirmed:?} did not wait");
        desk.check(&before, &confirmed.seat, in_group == Some(true), false);
        self.hold(confirmed.slot, confirmed.seat);
        true
    }

    fn arrive(&mut self, desk: &Desk, slot: Slot) {
        let (group, key) = self.place();
        let before = desk.before();
        match desk.core.arrive(group, slot, key) {
            Arrival::Seated(seat) => {
                desk.check(&before, &seat, true, false);
                self.hold(slot, seat);
            }
            Arrival::Waiting => drop(self.waiting.insert(slot, true)),
        }
    }

    fn requeue(&mut self, desk: &Desk, slot: Slot) {
        let (group, key) = self.place();
        let before = desk.before();
        match desk.core.requeue(slot, group, key) {
            Requeued::Seated(seat) => {
                desk.check(&before, &seat, true, false);
                self.waiting.remove(&slot);
                self.hold(slot, seat);
            }
            Requeued::Waiting => drop(self.waiting.insert(slot, true)),
            Requeued::HandedOver => {}
        }
    }

    fn call(&mut self, desk: &Desk, slot: Slot) {
        let transfer = SeatKind::Transfer { paused_ok: true };
        let kind = self.dice.pick(&[SeatKind::Back, SeatKind::Back, SeatKind::Owner, transfer]);
        let user = desk.any_user(&mut self.dice);
        let before = desk.before();
        match desk.core.seat(user, slot, i64::from(self.dice.below(6)), kind) {
            SeatOutcome::Seated(seat) => {
                assert_eq!(seat.ticket.agent(), user);
                desk.check(&before, &seat, false, kind == transfer);
                self.waiting.remove(&slot);
                self.hold(slot, seat);
            }
            SeatOutcome::Waiting => drop(self.waiting.insert(slot, false)),
            SeatOutcome::HandedOver => assert!(self.waiting.contains_key(&slot)),
            SeatOutcome::AgentFull | SeatOutcome::NotAvailable => {}
        }
    }

    fn cancel(&mut self, desk: &Desk, slot: Slot) {
        let cancelled = desk.core.cancel(slot);
        assert_ne!(cancelled, Cancelled::NotWaiting, "C9: {slot:?} is lost");
        self.waiting.remove(&slot);
    }

    fn manage(&mut self, desk: &Desk) {
        let user = desk.any_user(&mut self.dice);
        let (group, cap) = (self.dice.below(GROUPS), self.dice.below(4));
        let presence = match self.dice.below(4) {
            0 => Presence::Paused,
            1 => Presence::Offline,
            _ => Presence::Available,
        };
        match self.dice.below(8) {
            0..=3 => desk.change(user, |agent| agent.presence = presence),
            4 => desk.change(user, |agent| agent.cap = cap),
            5 => desk.change(user, |agent| agent.rank ^= 1),
            6 => desk.change(user, |agent| agent.groups ^= 1 << group),
            _ => desk.decide_by(GroupId(1 + group), self.dice.pick(&Policy::ALL)),
        }
    }

    fn place(&mut self) -> (GroupId, i64) {
        (GroupId(1 + self.dice.below(GROUPS)), i64::from(self.dice.below(6)))
    }

    fn hold(&mut self, slot: Slot, seat: Seat) {
        assert!(self.held.insert(slot, seat.ticket).is_none(), "H2: {slot:?} has two seats");
    }
}
