use model::fold::Score;

use crate::assign::shim::Figure;

/// A group's mean service time by conversation, in units of 16 s: what a reservation is charged
/// until its end corrects it.
///
/// A small group's is exact. In a larger one, now and then a reservation looks at two members
/// more, in turn, and the mean is that of the last round: of all members, or of so many in a row.
/// With one look in eight reservations it is at most four reservations a member old, and at most
/// 16,384. Threads that meet here may lose a look or repeat one.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Mean {
    /// 1 to 255.
    units: Figure,
    /// The member to be looked at next.
    next: Figure,
    /// What this round has seen: `time:38 | count:26`. One word, so that whatever threads do to it
    /// both are of the same members.
    seen: Figure,
}

impl Default for Mean {
    fn default() -> Self {
        Self { units: Figure::new(1), next: Figure::new(0), seen: Figure::new(0) }
    }
}

impl Mean {
    /// Groups of so many are summed up whole.
    pub(in crate::assign::lockfree) const EXACT: usize = 16;
    const STEP: usize = 2;
    const ROUND: usize = 4_096;
    const COUNT_BITS: u32 = 26;
    const MOST_COUNT: u64 = (1 << Self::COUNT_BITS) - 1;

    /// The mean of scores: 1 to 255, rounded up.
    pub(in crate::assign::lockfree) fn of(scores: impl Iterator<Item = Score>) -> u8 {
        let (time, count) = Self::sum(scores);
        Self::units(time, count)
    }

    /// The mean of the last round.
    #[inline]
    pub(in crate::assign::lockfree) fn last(&self) -> u8 {
        self.units.get() as u8
    }

    /// Looks at two of `members` more.
    pub(in crate::assign::lockfree) fn look(
        &self,
        members: usize,
        score: impl Fn(usize) -> Option<Score>,
    ) {
        let first = self.next.get() as usize;
        let end = (first + Self::STEP).min(members);
        let (time, count) = Self::sum((first..end).filter_map(score));
        let seen = self.seen.get();
        let time = (seen >> Self::COUNT_BITS) + time;
        let count = ((seen & Self::MOST_COUNT) + count).min(Self::MOST_COUNT);
        if end == members || end.is_multiple_of(Self::ROUND) {
            self.units.set(u64::from(Self::units(time, count)));
            self.seen.set(0);
        } else {
            self.seen.set(time << Self::COUNT_BITS | count);
        }
        self.next.set(if end == members { 0 } else { end as u64 });
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
