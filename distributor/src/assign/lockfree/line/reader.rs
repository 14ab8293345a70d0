//! What any thread reads of the lists.

use crate::assign::Slot;
use crate::assign::shim::{Mutant, wrong};

use super::super::slot::{LineId, SlotWord, State};
use super::{Head, KEY, Lines, Link, NEXT, WORD};

/// What a reader found at the end of a link.
enum Step {
    Waits(Head),
    Passed(Link),
    Gone,
}

impl Lines {
    /// Whether nobody can be waiting in a line.
    #[inline]
    pub(in crate::assign::lockfree) fn is_empty(&self, line: LineId) -> bool {
        (0..self.lanes.len()).all(|lane| !self.occupies(line, lane))
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

    fn first(&self, line: LineId, lane: usize) -> Option<Head> {
        'anew: loop {
            let mut link = Link(self.first_of(line, lane).get());
            while let Some((index, uses)) = link.target() {
                match self.step(line, lane, index, uses) {
                    Step::Waits(head) => return Some(head),
                    Step::Passed(next) => link = next,
                    Step::Gone => continue 'anew,
                }
            }
            return None;
        }
    }

    /// Looks at a slot as its link named it.
    fn step(&self, line: LineId, lane: usize, index: u32, uses: u32) -> Step {
        let Some((of, id)) = self.numbered(lane) else { return Step::Gone };
        let slot = Slot { lane: id, index };
        let waits = |word: SlotWord| {
            let key = of.at(index, KEY).get().cast_signed();
            (word.state() == State::Waiting { line }).then_some(Head { slot, word, key })
        };
        let word = SlotWord(of.at(index, WORD).get());
        if !word.lives(uses) {
            return Step::Gone;
        }
        if let Some(head) = waits(word) {
            return Step::Waits(head);
        }
        let next = Link(of.at(index, NEXT).get());
        let again = SlotWord(of.at(index, WORD).get());
        if !again.lives(uses) && !wrong(Mutant::LinkWithoutLook) {
            return Step::Gone;
        }
        waits(again).map_or(Step::Passed(next), Step::Waits)
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
        let Some((of, id)) = self.numbered(lane) else { return true };
        let mut link = Link(self.first_of(line, lane).get());
        for _ in 0..of.count() {
            let Some((index, uses)) = link.target() else { break };
            let key = of.at(index, KEY).get().cast_signed();
            link = Link(of.at(index, NEXT).get());
            let word = SlotWord(of.at(index, WORD).get());
            if !word.lives(uses) {
                return false;
            }
            if !on(Slot { lane: id, index }, word, key) {
                break;
            }
        }
        true
    }
}
