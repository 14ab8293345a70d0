use crate::assign::shim::{Figure, Own};

use super::super::slot::LineId;

/// What only the owning lane uses to find places in its lists: the upper levels, and the last slot
/// of each level. Slot `n` stands on level `k` when 8ᵏ divides it, so a level costs an eighth of
/// the one below, and nothing is drawn or stored for heights. Links are numbers + 1; 0 is none.
#[derive(Debug)]
pub(super) struct Places {
    /// By line: the first of level 1, of level 2, …
    firsts: Own,
    /// By line: the last of level 0, of level 1, …
    lasts: Own,
    /// The next of each slot, by level from 1.
    nexts: [Own; LEVELS - 1],
    /// Lines in which the lane has anything.
    occupied: Figure,
}

/// Where a slot belongs: the one before it at each level, as number + 1, or 0. Good for the levels
/// the slot stands on.
pub(super) type Path = [u32; LEVELS];

/// Levels of a list, the shared one at the bottom included: 8⁶ slots.
pub(super) const LEVELS: usize = 6;
const STEP: u32 = 3;

impl Places {
    pub(super) fn new(slots: usize, lines: usize) -> Self {
        let mut level = 0;
        let nexts = [(); LEVELS - 1].map(|()| {
            level += STEP;
            Own::new((slots >> level) + 1)
        });
        let (firsts, lasts) = (Own::new(lines * (LEVELS - 1)), Own::new(lines * LEVELS));
        Self { firsts, lasts, nexts, occupied: Figure::new(0) }
    }

    /// A line has something now; how many have.
    pub(super) fn enter(&self) -> u64 {
        self.occupied.add_alone(1) + 1
    }

    /// A line has nothing any more; how many have.
    pub(super) fn leave(&self) -> u64 {
        self.occupied.add_alone(u64::MAX).wrapping_sub(1)
    }

    /// What follows on a level above the bottom.
    pub(super) fn after(&self, line: LineId, level: usize, at: u32) -> u32 {
        let (of, number) = self.place(line, level, at);
        of.get(number)
    }

    /// The last of a line.
    #[inline]
    pub(super) fn last(&self, line: LineId) -> u32 {
        self.lasts.get(line.0 as usize * LEVELS)
    }

    /// Where a slot belongs that comes last.
    #[inline]
    pub(super) fn end(&self, line: LineId, index: u32) -> Path {
        let mut path = [0; LEVELS];
        for (level, last) in path.iter_mut().enumerate().take(height(index)) {
            *last = self.lasts.get(line.0 as usize * LEVELS + level);
        }
        path
    }

    /// Puts a slot behind its path.
    #[inline]
    pub(super) fn link(&self, line: LineId, index: u32, path: &Path) {
        for (level, before) in path.iter().enumerate().take(height(index)) {
            let last = line.0 as usize * LEVELS + level;
            if self.lasts.get(last) == *before {
                self.lasts.set(last, index + 1);
            }
            if level > 0 {
                let (next, number) = self.place(line, level, index + 1);
                next.set(number, self.after(line, level, *before));
                let (place, number) = self.place(line, level, *before);
                place.set(number, index + 1);
            }
        }
    }

    /// Takes out the slot behind its path.
    #[inline]
    pub(super) fn unlink(&self, line: LineId, index: u32, path: &Path) {
        for (level, before) in path.iter().enumerate().take(height(index)) {
            let last = line.0 as usize * LEVELS + level;
            if self.lasts.get(last) == index + 1 {
                self.lasts.set(last, *before);
            }
            if level > 0 {
                let next = self.after(line, level, index + 1);
                let (place, number) = self.place(line, level, *before);
                place.set(number, next);
            }
        }
    }

    #[expect(clippy::indexing_slicing, reason = "levels of this list")]
    fn place(&self, line: LineId, level: usize, at: u32) -> (&Own, usize) {
        match at.checked_sub(1) {
            Some(index) => (&self.nexts[level - 1], (index >> (STEP * level as u32)) as usize),
            None => (&self.firsts, line.0 as usize * (LEVELS - 1) + level - 1),
        }
    }
}

/// How many levels a slot stands on.
#[inline]
fn height(index: u32) -> usize {
    LEVELS.min(1 + (index.trailing_zeros() / STEP) as usize)
}
