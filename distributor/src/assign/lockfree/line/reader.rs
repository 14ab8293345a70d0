//! What any thread reads of the lists.

use crate::assign::Slot;
use crate::assign::shim::{Mutant, wrong};

use super::super::slot::{LineId, SlotWord, State};
use super::{Head, Hint, KEY, Lane, Lines, Link, NEXT, WORD};

/// Assigned slots passed that are worth a hint.
const FAR: u32 = if cfg!(chasqui_loom) { 1 } else { 8 };

/// What a reader found at the end of a link.
enum Step {
    Waits(Head),
    Passed(Link),
    Gone,
}

impl Lines {
    /// Whether nobody can be waiting in any line.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn are_all_empty(&self) -> bool {
        self.anybody.0.get() == 0
    }

    /// Whether nobody can be waiting in a line.
    #[inline]
    pub(in crate::assign::lockfree) fn is_empty(&self, line: LineId) -> bool {
        let (words, bit) = Self::occupied_at(line);
        self.are_all_empty() || !self.is_any_occupied(words, bit)
    }

    /// Whether nobody can be waiting in any of some lines. Those whose bits share a word are looked
    /// at by one load if they come one after another.
    #[inline(always)]
    pub(in crate::assign::lockfree) fn are_empty(
        &self,
        first: LineId,
        others: impl Iterator<Item = LineId>,
    ) -> bool {
        let (mut words, mut bits) = Self::occupied_at(first);
        for line in others {
            let (of_line, bit) = Self::occupied_at(line);
            if of_line != words {
                if self.is_any_occupied(words, bits) {
                    return false;
                }
                (words, bits) = (of_line, 0);
            }
            bits |= bit;
        }
        !self.is_any_occupied(words, bits)
    }

    /// The first of a line: least key; equal keys by lane, then slot.
    #[inline]
    pub(in crate::assign) fn head(&self, line: LineId) -> Option<Head> {
        let mut least: Option<Head> = None;
        for lane in 0..self.lanes.len() {
            if !self.occupies(line, lane) {
                continue;
            }
            let Some(found) = self.first(line, lane) else { continue };
            if least.is_none_or(|least| found.order() < least.order()) {
                least = Some(found);
            }
        }
        least
    }

    /// How many wait before `slot` in its line, itself included; `None` when it does not wait.
    /// Counted one by one, while others come and go: exact at rest, and O(those before it).
    pub(in crate::assign::lockfree) fn position(&self, slot: Slot) -> Option<u32> {
        let State::Waiting { line } = self.word(slot).state() else { return None };
        let order = (self.key(slot), slot);
        let before = (0..self.lanes.len()).map(|lane| self.count(line, lane, order));
        before.sum::<u32>().checked_add(1)
    }

    /// Calls for every slot linked in a line, waiting or assigned; exact at rest.
    pub(in crate::assign::lockfree) fn each(&self, line: LineId, mut call: impl FnMut(SlotWord)) {
        for lane in 0..self.lanes.len() {
            self.walk(line, lane, |_, word, _| {
                call(word);
                true
            });
        }
    }

    #[inline]
    fn occupies(&self, line: LineId, lane: usize) -> bool {
        let (word, bit) = self.occupancy(line, lane);
        word.get() & bit != 0
    }

    /// Whether any lane has one of these bits in its word.
    #[inline(always)]
    fn is_any_occupied(&self, words: usize, bits: u64) -> bool {
        let first = words * self.lanes.len();
        (first..first + self.lanes.len()).any(|word| self.occupied.at(word).get() & bits != 0)
    }

    /// The first of a lane's list that waits. It begins at the hint, if that slot is still there,
    /// and leaves one if it was far: so what a lane has not taken yet is passed once, not by each.
    #[inline]
    fn first(&self, line: LineId, number: usize) -> Option<Head> {
        let lane = self.lanes.get(number)?;
        let hint = Hint(self.hint_of(line, number).get());
        let mut from = Some(hint.link()).filter(|link| link.target().is_some());
        'anew: loop {
            let mut link = from.take().unwrap_or_else(|| Link(self.first_of(line, number).get()));
            let (mut passed, mut last) = (0, link);
            while let Some(target) = link.target() {
                last = link;
                link = match lane.step(line, target) {
                    Step::Waits(head) if passed < FAR => return Some(head),
                    Step::Waits(head) => {
                        self.leave_hint(line, number, hint, last);
                        return Some(head);
                    }
                    Step::Passed(next) => next,
                    Step::Gone => {
                        if link == hint.link() {
                            self.drop_hint(line, number, hint);
                        }
                        continue 'anew;
                    }
                };
                passed += 1;
            }
            if passed > FAR {
                self.leave_hint(line, number, hint, last);
            }
            return None;
        }
    }

    /// Leaves a hint, unless another was left or taken back since this reader began.
    #[cold]
    fn leave_hint(&self, line: LineId, lane: usize, seen: Hint, at: Link) {
        let Some(new) = at.target().and_then(|target| seen.to(target)) else { return };
        if new != seen {
            self.hint_of(line, lane).change(seen.0, new.0).ok();
        }
    }

    /// Drops a hint whose slot is gone, lest it mean a later use of that slot when the count of
    /// uses has come round.
    #[cold]
    fn drop_hint(&self, line: LineId, lane: usize, seen: Hint) {
        self.hint_of(line, lane).change(seen.0, seen.none().0).ok();
    }

    /// Waiting slots of one lane before `order`. After a few restarts it answers what it has.
    fn count(&self, line: LineId, lane: usize, order: (i64, Slot)) -> u32 {
        const TRIES: u32 = 16;
        let mut counted = 0;
        for _ in 0..TRIES {
            counted = 0;
            let whole = self.walk(line, lane, |slot, word, key| {
                let before = (key, slot) < order;
                counted += u32::from(before && word.state() == State::Waiting { line });
                before
            });
            if whole {
                break;
            }
        }
        counted
    }

    /// Follows a list while `on` says so; false when an owner changed it under way. A list never
    /// has more than all slots of its lane: a walk that took so many steps, led on by slots that
    /// are used again, ends there.
    fn walk(
        &self,
        line: LineId,
        lane: usize,
        mut on: impl FnMut(Slot, SlotWord, i64) -> bool,
    ) -> bool {
        let Some(of) = self.lanes.get(lane) else { return true };
        let mut link = Link(self.first_of(line, lane).get());
        for _ in 0..of.count() {
            let Some((index, uses)) = link.target() else { break };
            let key = of.at(index, KEY).get().cast_signed();
            link = Link(of.at(index, NEXT).get());
            let word = SlotWord(of.at(index, WORD).get());
            if !word.lives(uses) {
                return false;
            }
            if !on(Slot { lane: of.id, index }, word, key) {
                break;
            }
        }
        true
    }
}

impl Lane {
    /// Looks at a slot as its link named it.
    #[inline]
    fn step(&self, line: LineId, (index, uses): (u32, u32)) -> Step {
        let waiting = SlotWord::waiting(uses, line);
        let waits = || {
            let key = self.at(index, KEY).get().cast_signed();
            Step::Waits(Head { slot: Slot { lane: self.id, index }, word: waiting, key })
        };
        let word = SlotWord(self.at(index, WORD).get());
        if word == waiting {
            return waits();
        }
        if !word.lives(uses) {
            return Step::Gone;
        }
        let next = Link(self.at(index, NEXT).get());
        let again = SlotWord(self.at(index, WORD).get());
        if again == waiting {
            return waits();
        }
        if !again.lives(uses) && !wrong(Mutant::LinkWithoutLook) {
            return Step::Gone;
        }
        Step::Passed(next)
    }
}
