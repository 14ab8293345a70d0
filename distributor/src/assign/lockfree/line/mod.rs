//! Lines: what waits, in order. One linked list per line and lane, through the waiting slots; only
//! the owning lane changes it, any thread reads it (`docs/decisions/0007`).

mod places;

use crate::assign::Slot;
use crate::assign::shim::{Mutant, Word64, Words, wrong};

use super::slot::{LineId, SlotWord, State};
use model::id::LaneId;
use places::{LEVELS, Places};

/// All waiting slots of a shard, and the lines through them.
#[derive(Debug)]
pub(in crate::assign) struct Lines {
    lanes: Box<[Lane]>,
    /// By line: the lanes that have anything in it, a bit each.
    occupied: Words,
    /// By line, then lane: the link to its first slot.
    firsts: Words,
}

/// The slots of one lane.
#[derive(Debug)]
struct Lane {
    /// Word, key, outgoing link and home of each slot.
    slots: Words,
    places: Places,
}

/// A conversation found waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign) struct Head {
    pub(in crate::assign) slot: Slot,
    pub(in crate::assign) word: SlotWord,
    pub(in crate::assign) key: i64,
}

/// Where a slot waits or last waited: its use count, and the group it is assigned through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) uses: u32,
    pub(super) line: LineId,
    pub(super) group: u32,
}

const WORD: usize = 0;
const KEY: usize = 1;
const NEXT: usize = 2;
const HOME: usize = 3;

/// A link: the use count and the number + 1 of the next slot; 0 at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link(u64);

/// What a reader found at the end of a link.
enum Step {
    Waits(Head),
    Passed(Link),
    Gone,
}

impl Lines {
    pub(in crate::assign) fn new(lanes: usize, slots: usize, lines: usize) -> Self {
        let lane = |_| Lane { slots: Words::new(slots * 4), places: Places::new(slots, lines) };
        Self {
            lanes: (0..lanes).map(lane).collect(),
            occupied: Words::new(lines),
            firsts: Words::new(lines * lanes),
        }
    }

    /// The word of a slot; one that is not there is never waiting.
    pub(in crate::assign) fn word(&self, slot: Slot) -> SlotWord {
        self.lane(slot.lane).at(slot.index, WORD).get().into()
    }

    pub(in crate::assign) fn key(&self, slot: Slot) -> i64 {
        self.lane(slot.lane).at(slot.index, KEY).get().cast_signed()
    }

    pub(super) fn home(&self, slot: Slot) -> Home {
        Home::from(self.lane(slot.lane).at(slot.index, HOME).get())
    }

    /// Replaces the word of a slot, when it is still the one seen.
    pub(in crate::assign) fn change(&self, slot: Slot, seen: SlotWord, new: SlotWord) -> bool {
        let word = self.lane(slot.lane).at(slot.index, WORD);
        if wrong(Mutant::BlindSlot) {
            word.set(new.0);
            return true;
        }
        word.change(seen.0, new.0).is_ok()
    }

    /// Whether nobody can be waiting in a line.
    #[inline]
    pub(super) fn is_empty(&self, line: LineId) -> bool {
        self.occupied.at(line.0 as usize).get() == 0
    }

    /// The first of a line: least key; equal keys by lane, then slot.
    #[inline]
    pub(in crate::assign) fn head(&self, line: LineId) -> Option<Head> {
        let mut lanes = self.occupied.at(line.0 as usize).get();
        let mut least: Option<Head> = None;
        while lanes != 0 {
            let lane = lanes.trailing_zeros();
            lanes &= lanes - 1;
            let Some(found) = self.first(line, lane as usize) else { continue };
            if least.is_none_or(|least| found.order() < least.order()) {
                least = Some(found);
            }
        }
        least
    }

    /// How many wait before `slot` in its line, itself included; `None` when it does not wait.
    /// Counted while others come and go: exact at rest.
    pub(super) fn position(&self, slot: Slot) -> Option<u32> {
        let State::Waiting { line } = self.word(slot).state() else { return None };
        let order = (self.key(slot), slot);
        let before = (0..self.lanes.len()).map(|lane| self.count(line, lane, order));
        before.sum::<u32>().checked_add(1)
    }

    /// Owner: a conversation begins to wait.
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
        lane.at(slot.index, WORD).set(SlotWord::waiting(uses, line).0);
        place.set(link.0);
        if late {
            lane.at(slot.index, KEY).put(key.cast_unsigned());
        }
        lane.places.link(line, slot.index, &path);
        let bit = 1 << slot.lane.get();
        if self.occupied.at(line.0 as usize).get() & bit == 0 {
            self.occupied.at(line.0 as usize).raise(bit);
        }
    }

    /// Owner: takes a slot out of its list, before its word is made free.
    pub(super) fn unlink(&self, slot: Slot) {
        let lane = self.lane(slot.lane);
        let Home { line, .. } = self.home(slot);
        let path = self.path(line, slot, self.key(slot));
        let place = self.link_after(line, slot.lane, path[0]);
        place.set(lane.at(slot.index, NEXT).get());
        lane.places.unlink(line, slot.index, &path);
        if self.firsts.at(self.first_of(line, slot.lane)).get() == 0 {
            self.occupied.at(line.0 as usize).lower(1 << slot.lane.get());
        }
    }

    /// Owner: puts a slot that was unlinked, and is still alive, back where it was.
    pub(super) fn relink(&self, slot: Slot) {
        let Home { line, uses, .. } = self.home(slot);
        let path = self.path(line, slot, self.key(slot));
        let place = self.link_after(line, slot.lane, path[0]);
        let lane = self.lane(slot.lane);
        lane.at(slot.index, NEXT).put(place.get());
        place.set(Link::to(slot.index, uses).0);
        lane.places.link(line, slot.index, &path);
        self.occupied.at(line.0 as usize).raise(1 << slot.lane.get());
    }

    /// Owner: an assigned slot is empty again. Only its lane ends a hand-over, so nothing is
    /// compared.
    pub(in crate::assign) fn finish(&self, slot: Slot) {
        if wrong(Mutant::FreeBeforeUnlink) {
            self.set_free(slot);
            self.unlink(slot);
        } else {
            self.unlink(slot);
            self.set_free(slot);
        }
    }

    fn set_free(&self, slot: Slot) {
        let free = SlotWord::free(self.home(slot).uses);
        self.lane(slot.lane).at(slot.index, WORD).put(free.0);
    }

    /// Owner: takes a waiting conversation out of its line, unless a seat was handed to it.
    pub(in crate::assign) fn withdraw(&self, slot: Slot) -> bool {
        let seen = self.word(slot);
        let State::Waiting { .. } = seen.state() else { return false };
        let early = wrong(Mutant::FreeBeforeUnlink);
        if !early {
            self.unlink(slot);
        }
        let blind = wrong(Mutant::BlindWithdraw);
        if blind {
            self.set_free(slot);
        }
        let won = blind || self.change(slot, seen, SlotWord::free(seen.uses()));
        if won && early {
            self.unlink(slot);
        } else if !won && !early && !wrong(Mutant::WithdrawnStaysOut) {
            self.relink(slot);
        }
        won
    }

    /// Owner: an assigned slot waits again, where it still stands.
    pub(in crate::assign) fn put_back(&self, slot: Slot) {
        let Home { uses, line, .. } = self.home(slot);
        self.lane(slot.lane).at(slot.index, WORD).set(SlotWord::waiting(uses, line).0);
    }

    fn first(&self, line: LineId, lane: usize) -> Option<Head> {
        'anew: loop {
            let mut link = Link(self.firsts.at(line.0 as usize * self.lanes.len() + lane).get());
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

    /// Calls for every slot linked in a line, waiting or assigned; exact at rest.
    pub(super) fn each(&self, line: LineId, mut call: impl FnMut(SlotWord)) {
        for lane in 0..self.lanes.len() {
            self.walk(line, lane, |_, word, _| {
                call(word);
                true
            });
        }
    }

    /// Follows a list while `on` says so; false when an owner changed it under way.
    fn walk(
        &self,
        line: LineId,
        lane: usize,
        mut on: impl FnMut(Slot, SlotWord, i64) -> bool,
    ) -> bool {
        let mut link = Link(self.firsts.at(line.0 as usize * self.lanes.len() + lane).get());
        while let Some((index, uses)) = link.target() {
            let Some((of, id)) = self.numbered(lane) else { break };
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

    /// Where a key belongs: the slot before it at each level, as number + 1, or 0.
    fn path(&self, line: LineId, slot: Slot, key: i64) -> [u32; LEVELS] {
        let lane = self.lane(slot.lane);
        let mut path = [0; LEVELS];
        let mut at = 0;
        for (level, step) in path.iter_mut().enumerate().rev() {
            loop {
                let next = match level {
                    0 => (self.link_after(line, slot.lane, at).get() & 0xffff_ffff) as u32,
                    _ => lane.places.after(line, level, at),
                };
                let Some(index) = next.checked_sub(1) else { break };
                let theirs = lane.at(index, KEY).get().cast_signed();
                if (theirs, index) >= (key, slot.index) {
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
            None => self.firsts.at(self.first_of(line, lane)),
        }
    }

    fn first_of(&self, line: LineId, lane: LaneId) -> usize {
        line.0 as usize * self.lanes.len() + usize::from(lane.get())
    }

    fn numbered(&self, lane: usize) -> Option<(&Lane, LaneId)> {
        Some((self.lanes.get(lane)?, LaneId::new(u8::try_from(lane).ok()?).ok()?))
    }

    #[expect(clippy::indexing_slicing, reason = "callers name lanes of this shard")]
    fn lane(&self, lane: LaneId) -> &Lane {
        &self.lanes[usize::from(lane.get())]
    }
}

impl Lane {
    fn at(&self, index: u32, part: usize) -> &Word64 {
        self.slots.at(index as usize * 4 + part)
    }
}

impl Head {
    pub(super) fn order(&self) -> (i64, Slot) {
        (self.key, self.slot)
    }
}

impl Link {
    const fn to(index: u32, uses: u32) -> Self {
        Self((uses as u64) << 32 | (index as u64 + 1))
    }

    fn target(self) -> Option<(u32, u32)> {
        Some((((self.0 & 0xffff_ffff) as u32).checked_sub(1)?, (self.0 >> 32) as u32))
    }
}

impl From<u64> for SlotWord {
    fn from(word: u64) -> Self {
        Self(word)
    }
}

impl From<Home> for u64 {
    fn from(home: Home) -> Self {
        u64::from(home.uses) << 42 | u64::from(home.line.0) << 21 | u64::from(home.group)
    }
}

impl From<u64> for Home {
    fn from(word: u64) -> Self {
        let part = |at: u32| (word >> at & 0x1f_ffff) as u32;
        Self { uses: (word >> 42) as u32, line: LineId(part(21)), group: part(0) }
    }
}
