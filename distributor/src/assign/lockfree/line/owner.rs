//! What the owning lane does to its lists.

use crate::assign::Slot;
use crate::assign::shim::{Mutant, Word64, wrong};

use super::super::slot::{LineId, SlotWord, State};
use super::places::{LEVELS, Path};
use super::{HOME, Home, KEY, Lane, Lines, Link, NEXT, WORD};
use model::id::LaneId;

impl Lines {
    /// A conversation begins to wait. Last in its line, as most are, it costs the same however
    /// many wait.
    pub(in crate::assign) fn push(&self, slot: Slot, key: i64, line: LineId, group: u32) {
        let lane = self.lane(slot.lane);
        let before = self.home(slot).uses;
        let uses = if wrong(Mutant::SameUseCount) { before } else { SlotWord::next(before) };
        let link = Link::to(slot.index, uses);
        let late = wrong(Mutant::KeyAfterLink);
        if !late {
            lane.at(slot.index, KEY).put(key.cast_unsigned());
        }
        lane.at(slot.index, HOME).put(Home { uses, line, group }.into());
        let path = self.path(line, slot, key);
        let place = self.link_after(line, slot.lane, path[0]);
        lane.at(slot.index, NEXT).put(place.get());
        if wrong(Mutant::LinkBeforeWord) {
            place.set(link.0);
        }
        lane.at(slot.index, WORD).put(SlotWord::waiting(uses, line).0);
        place.set(link.0);
        if late {
            lane.at(slot.index, KEY).put(key.cast_unsigned());
        }
        lane.places.link(line, slot.index, &path);
        self.occupy(line, slot.lane);
    }

    /// Takes a slot out of its list, before its word is made free.
    pub(super) fn unlink(&self, slot: Slot) {
        let lane = self.lane(slot.lane);
        let Home { line, .. } = self.home(slot);
        let path = self.path(line, slot, self.key(slot));
        let place = self.link_after(line, slot.lane, path[0]);
        place.put(lane.at(slot.index, NEXT).get());
        lane.places.unlink(line, slot.index, &path);
        if lane.places.last(line) == 0 {
            let (word, bit) = self.occupancy(line, slot.lane.get().into());
            word.put(word.get() & !bit);
        }
    }

    /// An assigned slot is empty again. Only its lane ends a hand-over, so nothing is compared.
    pub(in crate::assign) fn finish(&self, slot: Slot) {
        if wrong(Mutant::FreeBeforeUnlink) {
            self.set_free(slot);
            self.unlink(slot);
        } else {
            self.unlink(slot);
            self.set_free(slot);
        }
    }

    /// Takes a waiting conversation out of its line, unless a seat was handed to it.
    pub(in crate::assign::lockfree) fn withdraw(&self, slot: Slot) -> bool {
        let seen = self.word(slot);
        let State::Waiting { .. } = seen.state() else { return false };
        let early = wrong(Mutant::FreeBeforeUnlink);
        if !early {
            self.unlink(slot);
        }
        let won = self.change(slot, seen, SlotWord::free(seen.uses()));
        if won && early {
            self.unlink(slot);
        } else if !won && !early {
            self.relink(slot);
        }
        won
    }

    /// An assigned slot waits again, where it still stands.
    pub(in crate::assign) fn put_back(&self, slot: Slot) {
        let Home { uses, line, .. } = self.home(slot);
        self.lane(slot.lane).at(slot.index, WORD).set(SlotWord::waiting(uses, line).0);
    }

    /// Puts a slot that was unlinked, and is still alive, back where it was.
    fn relink(&self, slot: Slot) {
        let Home { line, uses, .. } = self.home(slot);
        let path = self.path(line, slot, self.key(slot));
        let place = self.link_after(line, slot.lane, path[0]);
        let lane = self.lane(slot.lane);
        lane.at(slot.index, NEXT).put(place.get());
        place.set(Link::to(slot.index, uses).0);
        lane.places.link(line, slot.index, &path);
        self.occupy(line, slot.lane);
    }

    fn set_free(&self, slot: Slot) {
        let free = SlotWord::free(self.home(slot).uses);
        self.lane(slot.lane).at(slot.index, WORD).put(free.0);
    }

    /// Says that the lane has something in a line. It alone writes these words.
    fn occupy(&self, line: LineId, lane: LaneId) {
        let (word, bit) = self.occupancy(line, lane.get().into());
        let lines = word.get();
        if lines & bit == 0 {
            word.set(lines | bit);
        }
    }

    /// Where a key belongs: at an end at once, between others by the levels.
    fn path(&self, line: LineId, slot: Slot, key: i64) -> Path {
        let lane = self.lane(slot.lane);
        let before = |at: u32| lane.is_before(at, (key, slot.index));
        let last = lane.places.last(line);
        if before(last) {
            return lane.places.end(line, slot.index);
        }
        let first = Link(self.first_of(line, slot.lane.get().into()).get());
        if !before(first.number()) {
            return [0; LEVELS];
        }
        let mut path = [0; LEVELS];
        let mut at = 0;
        for (level, step) in path.iter_mut().enumerate().rev() {
            loop {
                let next = match level {
                    0 => Link(self.link_after(line, slot.lane, at).get()).number(),
                    _ => lane.places.after(line, level, at),
                };
                if !before(next) {
                    break;
                }
                at = next;
            }
            *step = at;
        }
        path
    }

    /// The link that leaves a slot, by number + 1, or the one to the line's first.
    fn link_after(&self, line: LineId, lane: LaneId, at: u32) -> &Word64 {
        match at.checked_sub(1) {
            Some(index) => self.lane(lane).at(index, NEXT),
            None => self.first_of(line, lane.get().into()),
        }
    }
}

impl Lane {
    /// Whether a linked slot, by number + 1, stands before a key.
    fn is_before(&self, at: u32, order: (i64, u32)) -> bool {
        let Some(index) = at.checked_sub(1) else { return false };
        (self.at(index, KEY).get().cast_signed(), index) < order
    }
}
