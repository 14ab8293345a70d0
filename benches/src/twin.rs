//! The twin: the right sequential structure for each policy, under one mutex. A lock-free core is
//! worth its trouble only beside this one, not beside a scan.
//!
//! It decides by the same rules as the core, and does nothing else: no charge, no hand-over, no
//! waiting line, one group. So it is the faster for it.

use std::collections::BTreeSet;

use model::id::{GroupId, LaneId};
use model::people::Policy;
use parking_lot::Mutex;

use crate::house::{CAP, House, RANKS};
use crate::seats::Seats;

/// The structure under its mutex.
#[derive(Debug)]
pub struct Twin(Mutex<Sequential>);

/// Agents stand by rank, the highest first, so that ranks are ranges.
#[derive(Debug)]
struct Sequential {
    policy: Policy,
    loads: Vec<u32>,
    scores: Vec<u32>,
    eligible: Bits,
    by_score: BTreeSet<(u32, u32)>,
    /// The one seated last, of all, and of each rank.
    cursors: [usize; RANKS as usize + 1],
    draw: u64,
}

/// A set of numbers: a bit each, and a bit for each word of these that is not empty, up to one
/// word.
#[derive(Debug)]
struct Bits(Vec<Vec<u64>>);

impl Twin {
    /// The twin of a house with one group.
    pub fn new(house: &House) -> Self {
        let agents = house.agents as usize;
        let mut eligible = Bits::new(agents);
        (0..agents).for_each(|agent| eligible.set(agent));
        let least = matches!(house.policy, Policy::LeastTime | Policy::LeastCount);
        Self(Mutex::new(Sequential {
            policy: house.policy,
            loads: vec![0; agents],
            scores: vec![0; agents],
            eligible,
            by_score: (0..house.agents).filter(|_| least).map(|agent| (0, agent)).collect(),
            cursors: [0; RANKS as usize + 1],
            draw: 1,
        }))
    }
}

impl Seats for Twin {
    type Ticket = u32;

    #[inline]
    fn take(&self, _: LaneId, _: GroupId) -> Option<u32> {
        self.0.lock().take()
    }

    #[inline]
    fn give(&self, ticket: u32) {
        self.0.lock().give(ticket as usize);
    }
}

impl Sequential {
    /// Tries before the draw falls back on a neighbour.
    const DRAWS: usize = 64;

    fn take(&mut self) -> Option<u32> {
        let agent = match self.policy {
            Policy::Circular => self.after(0, 0, self.loads.len()),
            Policy::Random => self.anybody(),
            Policy::AgentPriority => self.of_highest_rank(),
            Policy::LeastTime | Policy::LeastCount => {
                self.by_score.first().map(|(_, agent)| *agent as usize)
            }
        }?;
        let load = self.loads.get_mut(agent)?;
        *load += 1;
        let full = *load == CAP;
        if full {
            self.eligible.clear(agent);
        }
        self.score(agent, !full);
        u32::try_from(agent).ok()
    }

    fn give(&mut self, agent: usize) {
        let Some(load) = self.loads.get_mut(agent) else { return };
        *load -= 1;
        if *load + 1 == CAP {
            self.eligible.set(agent);
            if self.is_scored() {
                let score = self.scores.get(agent).copied().unwrap_or(0);
                self.by_score.insert((score, agent as u32));
            }
        }
    }

    /// One more conversation is counted for an agent who stays in the order, or leaves it.
    fn score(&mut self, agent: usize, stays: bool) {
        if !self.is_scored() {
            return;
        }
        let Some(score) = self.scores.get_mut(agent) else { return };
        let number = agent as u32;
        self.by_score.remove(&(*score, number));
        *score += 1;
        if stays {
            self.by_score.insert((*score, number));
        }
    }

    const fn is_scored(&self) -> bool {
        matches!(self.policy, Policy::LeastTime | Policy::LeastCount)
    }

    /// The next of `first..end` behind the cursor, around.
    fn after(&mut self, cursor: usize, first: usize, end: usize) -> Option<usize> {
        let last = self.cursors.get_mut(cursor)?;
        let within = |agent: &usize| *agent < end;
        let next = self.eligible.next(*last + 1).filter(within);
        let next = next.or_else(|| self.eligible.next(first).filter(within))?;
        *last = next;
        Some(next)
    }

    fn of_highest_rank(&mut self) -> Option<usize> {
        let part = self.loads.len().div_ceil(RANKS as usize);
        (0..RANKS as usize).find_map(|rank| {
            let (first, end) = (rank * part, ((rank + 1) * part).min(self.loads.len()));
            self.after(rank + 1, first, end)
        })
    }

    fn anybody(&mut self) -> Option<usize> {
        let agents = self.loads.len();
        let mut drawn = 0;
        for _ in 0..Self::DRAWS {
            self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            drawn = ((self.draw >> 32) as usize * agents) >> 32;
            if self.eligible.has(drawn) {
                return Some(drawn);
            }
        }
        self.eligible.next(drawn).or_else(|| self.eligible.next(0))
    }
}

impl Bits {
    const WORD: usize = 64;

    fn new(count: usize) -> Self {
        let mut levels = Vec::new();
        let mut words = count.div_ceil(Self::WORD);
        levels.push(vec![0; words]);
        while words > 1 {
            words = words.div_ceil(Self::WORD);
            levels.push(vec![0; words]);
        }
        Self(levels)
    }

    fn has(&self, number: usize) -> bool {
        let word = self.0.first().and_then(|level| level.get(number / Self::WORD));
        word.is_some_and(|word| word >> (number % Self::WORD) & 1 == 1)
    }

    fn set(&mut self, mut number: usize) {
        for level in &mut self.0 {
            let Some(word) = level.get_mut(number / Self::WORD) else { return };
            let before = std::mem::replace(word, *word | 1 << (number % Self::WORD));
            if before != 0 {
                return;
            }
            number /= Self::WORD;
        }
    }

    fn clear(&mut self, mut number: usize) {
        for level in &mut self.0 {
            let Some(word) = level.get_mut(number / Self::WORD) else { return };
            *word &= !(1 << (number % Self::WORD));
            if *word != 0 {
                return;
            }
            number /= Self::WORD;
        }
    }

    /// The first from `number` on.
    fn next(&self, number: usize) -> Option<usize> {
        let mut from = number;
        for (height, level) in self.0.iter().enumerate() {
            let at = from / Self::WORD;
            let rest = level.get(at)? & (u64::MAX << (from % Self::WORD));
            if rest != 0 {
                return self.down(height, at * Self::WORD + rest.trailing_zeros() as usize);
            }
            from = at + 1;
        }
        None
    }

    /// The first number below bit `number` of a level.
    fn down(&self, height: usize, mut number: usize) -> Option<usize> {
        for level in self.0.iter().take(height).rev() {
            number = number * Self::WORD + level.get(number)?.trailing_zeros() as usize;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_found_in_order_across_levels() {
        let mut bits = Bits::new(100_000);
        let set = [0, 63, 64, 4_095, 4_096, 70_000, 99_999];
        set.iter().for_each(|number| bits.set(*number));
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(number) = bits.next(from) {
            found.push(number);
            from = number + 1;
        }
        assert_eq!(found, set);
        set.iter().for_each(|number| bits.clear(*number));
        assert_eq!(bits.next(0), None);
    }

    #[test]
    fn every_policy_fills_the_house_and_no_more() {
        for policy in Policy::ALL {
            let house = House::new(policy, 203);
            let twin = Twin::new(&house);
            let take = || twin.take(LaneId::FIRST, crate::house::GROUP);
            let taken: Vec<u32> = (0..house.seats()).filter_map(|_| take()).collect();
            assert_eq!((taken.len(), take()), (203 * CAP as usize, None), "{}", policy.name());
            twin.give(17);
            assert_eq!((take(), take()), (Some(17), None), "{}", policy.name());
        }
    }

    #[test]
    fn circular_turns_and_least_count_is_even() {
        for policy in [Policy::Circular, Policy::LeastCount] {
            let twin = Twin::new(&House::new(policy, 100));
            let mut counts = [0_u32; 100];
            for _ in 0..1_000 {
                let agent = twin.take(LaneId::FIRST, crate::house::GROUP).unwrap();
                counts[agent as usize] += 1;
                twin.give(agent);
            }
            assert_eq!(counts, [10; 100], "{}", policy.name());
        }
    }
}
