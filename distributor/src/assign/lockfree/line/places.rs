use crate::assign::shim::Own;

use super::super::slot::LineId;

/// The upper levels of a lane's lists, which only that lane uses to find places. Slot `n` stands
/// on level `k` when 8ᵏ divides it, so a level costs an eighth of the one below, and nothing is
/// drawn or stored for heights. Links are numbers + 1; 0 is none.
#[derive(Debug)]
pub(super) struct Places {
    /// The first of each line: level 1 of every line, level 2, …
    firsts: Own,
    /// The next of each slot, by level from 1.
    nexts: [Own; LEVELS - 1],
    lines: usize,
}

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
        Self { firsts: Own::new(lines * (LEVELS - 1)), nexts, lines }
    }

    /// What follows on a level above the bottom.
    pub(super) fn after(&self, line: LineId, level: usize, at: u32) -> u32 {
        let (of, number) = self.place(line, level, at);
        of.get(number)
    }

    /// Puts a slot behind its path.
    pub(super) fn link(&self, line: LineId, index: u32, path: &[u32; LEVELS]) {
        for (level, before) in path.iter().enumerate().take(height(index)).skip(1) {
            let (next, number) = self.place(line, level, index + 1);
            next.set(number, self.after(line, level, *before));
            let (place, number) = self.place(line, level, *before);
            place.set(number, index + 1);
        }
    }

    /// Takes out the slot behind its path.
    pub(super) fn unlink(&self, line: LineId, index: u32, path: &[u32; LEVELS]) {
        for (level, before) in path.iter().enumerate().take(height(index)).skip(1) {
            let next = self.after(line, level, index + 1);
            let (place, number) = self.place(line, level, *before);
            place.set(number, next);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "levels of this list")]
    fn place(&self, line: LineId, level: usize, at: u32) -> (&Own, usize) {
        match at.checked_sub(1) {
            Some(index) => (&self.nexts[level - 1], (index >> (STEP * level as u32)) as usize),
            None => (&self.firsts, (level - 1) * self.lines + line.0 as usize),
        }
    }
}

/// How many levels a slot stands on.
fn height(index: u32) -> usize {
    LEVELS.min(1 + (index.trailing_zeros() / STEP) as usize)
}
