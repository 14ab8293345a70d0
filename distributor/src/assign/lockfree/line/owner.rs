//! What the owning lane does to its lists.

use crate::assign::Slot;
use crate::assign::shim::{Mutant, Word64, wrong};

use super::super::slot::{LineId, SlotWord, State};
use super::places::{LEVELS, Path};
use super::{HOME, Hint, Home, KEY, Lane, Lines, Link, NEXT, WORD};
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
        let next = place.get();
        lane.at(slot.index, NEXT).put(next);
        if wrong(Mutant::LinkBeforeWord) {
            place.set(link.0);
        }
        lane.at(slot.index, WORD).put(SlotWord::waiting(uses, line).0);
        place.set(link.0);
        if late {
            lane.at(slot.index, KEY).put(key.cast_unsigned());
        }
        if next != 0 && !wrong(Mutant::PushKeepsHint) {
            self.take_hint_back(line, slot.lane);
        }
        lane.places.link(line, slot.index, &path);
        self.occupy(line, slot.lane);
    }

    /// Takes a slot out of its list, before its word is made free.
    #[inline]
    pub(super) fn unlink(&self, slot: Slot, line: LineId) {
        let lane = self.lane(slot.lane);
        let first = Link(self.first_of(line, slot.lane.get().into()).get());
        let path = match first.number() == slot.index + 1 {
            true => [0; LEVELS],
            false => self.path(line, slot, self.key(slot)),
        };
        let place = self.link_after(line, slot.lane, path[0]);
        place.put(lane.at(slot.index, NEXT).get());
        lane.places.unlink(line, slot.index, &path);
        let hint = Hint(self.hint_of(line, slot.lane.get().into()).get());
        if hint.link().number() == slot.index + 1 {
            self.hand_hint_on(line, slot, (hint, path[0]));
        }
        if lane.places.last(line) == 0 {
            let (word, bit) = self.occupancy(line, slot.lane.get().into());
            word.put(word.get() & !bit);
            if lane.places.leave() == 0 {
                self.anybody.0.lower(1 << slot.lane.get());
            }
        }
    }

    /// An assigned slot is empty again; where it waited. Only its lane ends a hand-over, so nothing
    /// is compared.
    #[inline]
    pub(in crate::assign) fn finish(&self, slot: Slot) -> Home {
        let home = self.home(slot);
        let word = self.lane(slot.lane).at(slot.index, WORD);
        let free = SlotWord::free(home.uses).0;
        if wrong(Mutant::FreeBeforeUnlink) {
            word.put(free);
        }
        self.unlink(slot, home.line);
        word.put(free);
        home
    }

    /// Takes a waiting conversation out of its line, unless a seat was handed to it.
    pub(in crate::assign) fn withdraw(&self, slot: Slot) -> bool {
        let seen = self.word(slot);
        let State::Waiting { line } = seen.state() else { return false };
        let early = wrong(Mutant::FreeBeforeUnlink);
        if !early {
            self.unlink(slot, line);
        }
        let free = SlotWord::free(seen.uses());
        let blind = wrong(Mutant::BlindWithdraw);
        if blind {
            self.lane(slot.lane).at(slot.index, WORD).put(free.0);
        }
        let won = blind || self.change(slot, seen, free);
        if won && early {
            self.unlink(slot, line);
        } else if !won && !early && !wrong(Mutant::WithdrawnStaysOut) {
            self.relink(slot);
        }
        won
    }

    /// An assigned slot waits again, where it still stands.
    pub(in crate::assign) fn put_back(&self, slot: Slot) {
        let Home { uses, line, .. } = self.home(slot);
        if wrong(Mutant::HintBeforeUndo) {
            self.take_hint_back(line, slot.lane);
        }
        self.lane(slot.lane).at(slot.index, WORD).set(SlotWord::waiting(uses, line).0);
        if !wrong(Mutant::UndoKeepsHint) && !wrong(Mutant::HintBeforeUndo) {
            self.take_hint_back(line, slot.lane);
        }
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

    /// After somebody began to wait who is not the last: readers begin at the first again. A reader
    /// who passed him before has a hint of before.
    fn take_hint_back(&self, line: LineId, lane: LaneId) {
        let hint = self.hint_of(line, lane.get().into());
        hint.swap(Hint(hint.get()).taken_back().0);
    }

    /// A hint whose slot leaves goes to the one before it, as nobody waits before that one either:
    /// readers need not begin at the first.
    #[cold]
    fn hand_hint_on(&self, line: LineId, slot: Slot, (hint, before): (Hint, u32)) {
        let uses = |index| self.home(Slot { index, ..slot }).uses;
        let new = before.checked_sub(1).and_then(|index| hint.to((index, uses(index))));
        let new = new.unwrap_or(hint.none());
        if hint.link() == Link::to(slot.index, uses(slot.index)) {
            self.hint_of(line, slot.lane.get().into()).change(hint.0, new.0).ok();
        }
    }

    /// Says that the lane has something in a line. It alone writes these words.
    fn occupy(&self, line: LineId, lane: LaneId) {
        let (word, bit) = self.occupancy(line, lane.get().into());
        let bits = word.get();
        if bits & bit == 0 {
            word.set(bits | bit);
            if self.lane(lane).places.enter() == 1 {
                self.anybody.0.raise(1 << lane.get());
            }
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
