//! Lines: what waits, in order. One linked list per line and lane, through the waiting slots; only
//! the owning lane changes it, any thread reads it (`docs/decisions/0007`).

mod owner;
mod reader;
mod places;
#[cfg(all(test, not(chasqui_loom)))]
mod tests;

use crate::assign::Slot;
use crate::assign::shim::{Alone, Mutant, Word64, Words, wrong};

use super::slot::{LineId, SlotWord};
use model::id::LaneId;
use places::Places;

/// All waiting slots of a shard, and the lines through them.
#[derive(Debug)]
pub(in crate::assign) struct Lines {
    lanes: Box<[Lane]>,
    /// The lanes that have anything in any line, a bit each: where nobody waits at all, one load
    /// says so of every line.
    anybody: Alone<Word64>,
    /// By 64 lines, then lane: the lines in which that lane has anything, a bit each.
    occupied: Words,
    /// By line, then lane: the link to its first slot, and the [`Hint`].
    fronts: Words,
}

/// The slots of one lane.
#[derive(Debug)]
struct Lane {
    id: LaneId,
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
pub(in crate::assign) struct Home {
    pub(super) uses: u32,
    pub(super) line: LineId,
    pub(super) group: u32,
}

const WORD: usize = 0;
const KEY: usize = 1;
const NEXT: usize = 2;
const HOME: usize = 3;

/// A slot before which nobody waits: `age:22 | use:22 | number + 1:20`, 0 in the lower two where
/// there is none. Readers who passed many assigned slots leave it for those after them. The owner
/// takes it back, and makes it a word older, whenever somebody begins to wait before the last slot:
/// so a reader who saw less than that cannot leave his.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hint(u64);

/// A link: the use count and the number + 1 of the next slot; 0 at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link(u64);

impl Lines {
    pub(in crate::assign) fn new(lanes: usize, slots: usize, lines: usize) -> Self {
        let lane =
            |id| Lane { id, slots: Words::new(slots * 4), places: Places::new(slots, lines) };
        let ids = (0..=LaneId::MAX).filter_map(|number| LaneId::new(number).ok());
        Self {
            lanes: ids.take(lanes).map(lane).collect(),
            anybody: Alone(Word64::new(0)),
            occupied: Words::new(lines.div_ceil(64) * lanes),
            fronts: Words::new(lines * lanes * 2),
        }
    }

    /// The word of a slot; one that is not there is never waiting.
    #[inline]
    pub(in crate::assign) fn word(&self, slot: Slot) -> SlotWord {
        self.lane(slot.lane).at(slot.index, WORD).get().into()
    }

    #[inline]
    pub(in crate::assign) fn key(&self, slot: Slot) -> i64 {
        self.lane(slot.lane).at(slot.index, KEY).get().cast_signed()
    }

    #[inline]
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

    /// The link to a lane's first of a line.
    #[inline]
    fn first_of(&self, line: LineId, lane: usize) -> &Word64 {
        self.fronts.at((line.0 as usize * self.lanes.len() + lane) * 2)
    }

    /// The [`Hint`] of a lane's list.
    #[inline]
    fn hint_of(&self, line: LineId, lane: usize) -> &Word64 {
        self.fronts.at((line.0 as usize * self.lanes.len() + lane) * 2 + 1)
    }

    /// The word that says whether a lane has anything in a line, and the line's bit of it.
    #[inline]
    fn occupancy(&self, line: LineId, lane: usize) -> (&Word64, u64) {
        let (words, bit) = Self::occupied_at(line);
        (self.occupied.at(words * self.lanes.len() + lane), bit)
    }

    /// Where a line's bit is: which words, one of each lane, and the bit in each of them.
    #[inline]
    const fn occupied_at(line: LineId) -> (usize, u64) {
        (line.0 as usize / 64, 1 << (line.0 % 64))
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "callers name lanes of this shard")]
    fn lane(&self, lane: LaneId) -> &Lane {
        &self.lanes[usize::from(lane.get())]
    }
}

impl Lane {
    fn count(&self) -> usize {
        self.slots.len() / 4
    }

    #[inline]
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

    /// The number + 1 of the slot.
    const fn number(self) -> u32 {
        self.0 as u32
    }

    fn target(self) -> Option<(u32, u32)> {
        Some((self.number().checked_sub(1)?, (self.0 >> 32) as u32))
    }
}

impl Hint {
    const LINK: u64 = (1 << 42) - 1;
    const NUMBER: u64 = (1 << 20) - 1;

    const fn link(self) -> Link {
        Link((self.0 & Self::LINK) >> 20 << 32 | self.0 & Self::NUMBER)
    }

    /// This hint moved on; `None` when the slot has no room in it.
    fn to(self, (index, uses): (u32, u32)) -> Option<Self> {
        let number = u64::from(index) + 1;
        let link = u64::from(uses) << 20 | number;
        (number <= Self::NUMBER).then_some(Self(self.none().0 | link))
    }

    /// No hint, of the same age.
    const fn none(self) -> Self {
        Self(self.0 & !Self::LINK)
    }

    /// No hint, and none of those that were seen before.
    const fn taken_back(self) -> Self {
        Self(((self.0 >> 42) + 1) << 42)
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
