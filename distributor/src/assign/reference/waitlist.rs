use std::collections::{BTreeMap, BTreeSet};

use model::id::{GroupId, LaneId, UserId};

use crate::assign::Slot;

/// A waiting line. Agents' own lines come before those of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Line {
    /// Conversations that wait for one agent to take them back.
    Own(UserId),
    /// A group's queue.
    Group(GroupId),
}

/// Where a conversation waits, and its order there: least key first, then lane, then slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) line: Line,
    pub(super) key: i64,
    /// The group it will be assigned through.
    pub(super) group: GroupId,
}

/// A seat on its way to a conversation that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HandOver {
    pub(super) agent: UserId,
    /// The agent's generation when the seat was taken.
    pub(super) generation: u16,
    pub(super) charge: u8,
    /// Where it goes back to when the hand-over is undone.
    pub(super) wait: Wait,
}

/// What a waiting slot holds; a slot that holds nothing is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Waiting(Wait),
    HandedOver(HandOver),
}

/// The waiting slots, and the lines through them.
#[derive(Debug, Default)]
pub(super) struct Waitlist {
    slots: BTreeMap<Slot, Held>,
    lines: BTreeMap<Line, BTreeSet<(i64, Slot)>>,
    ready: BTreeSet<Slot>,
}

impl Waitlist {
    /// What `slot` holds.
    pub(super) fn get(&self, slot: Slot) -> Option<Held> {
        self.slots.get(&slot).copied()
    }

    /// A conversation begins to wait.
    pub(super) fn push(&mut self, slot: Slot, wait: Wait) {
        let held = self.slots.insert(slot, Held::Waiting(wait));
        assert!(held.is_none(), "C4: a conversation waits twice in {slot:?}");
        self.lines.entry(wait.line).or_default().insert((wait.key, slot));
    }

    /// Empties `slot`: its conversation leaves its line, or its hand-over ends.
    pub(super) fn clear(&mut self, slot: Slot) -> Option<Held> {
        let held = self.slots.remove(&slot)?;
        match held {
            Held::Waiting(wait) => self.leave(slot, wait),
            Held::HandedOver(_) => drop(self.ready.remove(&slot)),
        }
        Some(held)
    }

    /// A waiting conversation leaves its line for the seat it is handed.
    pub(super) fn hand(&mut self, slot: Slot, hand_over: HandOver) {
        self.leave(slot, hand_over.wait);
        self.slots.insert(slot, Held::HandedOver(hand_over));
        self.ready.insert(slot);
    }

    /// The next hand-over of `lane`, in slot order.
    pub(super) fn next_ready(&self, lane: LaneId) -> Option<(Slot, HandOver)> {
        let first = Slot { lane, index: 0 };
        let last = Slot { lane, index: u32::MAX };
        let slot = self.ready.range(first..=last).next()?;
        match self.slots.get(slot)? {
            Held::HandedOver(hand_over) => Some((*slot, *hand_over)),
            Held::Waiting(_) => None,
        }
    }

    /// The first of a line.
    pub(super) fn head(&self, line: Line) -> Option<(Slot, Wait)> {
        let (_, slot) = self.lines.get(&line)?.first()?;
        match self.slots.get(slot)? {
            Held::Waiting(wait) => Some((*slot, *wait)),
            Held::HandedOver(_) => None,
        }
    }

    /// A conversation's place in its line, from 1.
    pub(super) fn position(&self, slot: Slot, wait: Wait) -> Option<u32> {
        let before = self.lines.get(&wait.line)?.range(..(wait.key, slot)).count();
        u32::try_from(before).ok()?.checked_add(1)
    }

    /// How many wait in a line, or wait for a seat that was handed to them there.
    pub(super) fn count(&self, line: Line) -> u32 {
        let waiting = self.lines.get(&line).map_or(0, BTreeSet::len);
        let handed = self.ready.iter().filter(|slot| match self.slots.get(slot) {
            Some(Held::HandedOver(hand_over)) => hand_over.wait.line == line,
            _ => false,
        });
        u32::try_from(waiting + handed.count()).unwrap_or(u32::MAX)
    }

    /// The lines in which somebody waits.
    pub(super) fn lines(&self) -> BTreeSet<Line> {
        self.lines.keys().copied().collect()
    }

    /// Seats on their way, by agent.
    pub(super) fn hand_overs(&self) -> BTreeMap<UserId, u32> {
        let mut seats = BTreeMap::new();
        for held in self.slots.values() {
            if let Held::HandedOver(hand_over) = held {
                *seats.entry(hand_over.agent).or_default() += 1;
            }
        }
        seats
    }

    fn leave(&mut self, slot: Slot, wait: Wait) {
        let Some(line) = self.lines.get_mut(&wait.line) else { return };
        line.remove(&(wait.key, slot));
        if line.is_empty() {
            self.lines.remove(&wait.line);
        }
    }
}
