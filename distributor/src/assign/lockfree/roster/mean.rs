use model::fold::Score;

use crate::assign::shim::Figure;

/// A group's mean service time by conversation, in units of 16 s: what a reservation is charged
/// until its end corrects it.
///
/// A small group's is exact. In a larger one a reservation now and then looks at a few members
/// more, in turn, and a round's end sets the mean: O(1) each, and it follows the truth by a round.
#[derive(Debug, Default)]
pub(in crate::assign::lockfree) struct Mean {
    units: Figure,
    /// Members looked at in this round.
    seen: Figure,
    time: Figure,
    count: Figure,
}

impl Mean {
    /// Groups of so many are summed up whole.
    pub(in crate::assign::lockfree) const EXACT: usize = 16;
    const STEP: u64 = 16;

    /// The mean of scores: 1 to 255, rounded up.
    pub(in crate::assign::lockfree) fn of(scores: impl Iterator<Item = Score>) -> u8 {
        let (time, count) = Self::sum(scores);
        Self::units(time, count)
    }

    /// The mean of the last round.
    #[inline]
    pub(in crate::assign::lockfree) fn last(&self) -> u8 {
        u8::try_from(self.units.get().max(1)).unwrap_or(u8::MAX)
    }

    /// Looks at a few of `members` more. Threads that meet here may count one twice.
    pub(in crate::assign::lockfree) fn look(
        &self,
        members: usize,
        score: impl Fn(usize) -> Option<Score>,
    ) {
        let members = members as u64;
        let first = self.seen.add(Self::STEP).min(members);
        let end = (first + Self::STEP).min(members);
        let (time, count) = Self::sum((first as usize..end as usize).filter_map(score));
        let time = self.time.add(time) + time;
        let count = self.count.add(count) + count;
        if end == members {
            self.units.set(u64::from(Self::units(time, count)));
            self.time.set(0);
            self.count.set(0);
            self.seen.set(0);
        }
    }

    /// Goes on from the mean of the layout before.
    pub(super) fn go_on(&self, before: &Self) {
        self.units.set(before.units.get());
    }

    fn sum(scores: impl Iterator<Item = Score>) -> (u64, u64) {
        scores.fold((0, 0), |(time, count), score| {
            (time + u64::from(score.time), count + u64::from(score.count))
        })
    }

    fn units(time: u64, count: u64) -> u8 {
        u8::try_from(time.div_ceil(count.max(1)).max(1)).unwrap_or(u8::MAX)
    }
}
