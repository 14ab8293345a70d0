//! Uniform over the positions whose bit is set: a few draws of a position, each taken when its bit
//! is set; then the r-th of those counted.

use super::{Pick, Search, place};
use crate::assign::lockfree::index::{Bitmap, Found, LEAF};
use crate::assign::shim::Alone;

/// Draws before the bits are counted: with a twentieth of all bits set four of five searches end
/// before.
const DRAWS: u64 = if cfg!(chasqui_loom) { 1 } else { 32 };

/// Any eligible agent, each with the same probability. The key is his place.
#[inline(always)]
pub(super) fn search(pick: &mut Pick<'_>, bits: &Bitmap) -> Search {
    let group = pick.group;
    loop {
        let Some(position) = draw(pick, bits) else { return Search::Nobody };
        let found = Found::flat(position);
        let Some(seen) = pick.eligible(found) else { continue };
        if let Some(search) = pick.reserve(found, seen, place(group, position)) {
            return search;
        }
    }
}

#[inline(always)]
fn draw(pick: &Pick<'_>, bits: &Bitmap) -> Option<usize> {
    let mut draw = Draw::of(pick);
    let bound = bits.bits();
    for _ in 0..DRAWS / 2 {
        for position in draw.pair_below(bound) {
            if bits.has(position) {
                return Some(position);
            }
        }
    }
    counted(bits, &mut draw)
}

/// The r-th set bit, r drawn. Bits change meanwhile; whoever finds fewer than he counted counts
/// again.
#[cold]
fn counted(bits: &Bitmap, draw: &mut Draw) -> Option<usize> {
    loop {
        bits.next(0)?;
        let count: u32 = bits.leaves().iter().map(|word| word.get().count_ones()).sum();
        if count == 0 {
            continue;
        }
        let mut left = draw.below(count as usize) as u32;
        for (number, word) in bits.leaves().iter().enumerate() {
            let word = word.get();
            match left.checked_sub(word.count_ones()) {
                Some(less) => left = less,
                None => return Some(number * LEAF + nth(word, left)),
            }
        }
    }
}

/// The n-th set bit of a word that has so many.
fn nth(mut word: u64, n: u32) -> usize {
    for _ in 0..n {
        word &= word.wrapping_sub(1);
    }
    word.trailing_zeros() as usize
}

/// Draws by number: the n-th is a function of the seed and n (SplitMix64 read as a counter). Each
/// search has numbers of its own: lanes count apart, so that an arrival shares no count with
/// another thread.
struct Draw {
    seed: u64,
    drawn: u64,
}

impl Draw {
    #[inline(always)]
    fn of(pick: &Pick<'_>) -> Self {
        let core = pick.core;
        let stream = pick.lane.map_or(core.draws.len() - 1, |lane| usize::from(lane.get()));
        let drawn = core.draws.get(stream).map_or(0, |Alone(count)| match pick.lane {
            Some(_) => count.add_alone(DRAWS),
            None => count.add(DRAWS),
        });
        let apart = u64::from(pick.group.number) << 8 | stream as u64;
        let seed = core.seed.wrapping_add(apart.wrapping_mul(0xa076_1d64_78bd_642f));
        Self { seed, drawn }
    }

    /// Below a bound that is not 0. The product's high half: a bias of at most bound / 2⁶⁴.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Two from one number, each by half of it: a bias of at most bound / 2³².
    #[inline(always)]
    fn pair_below(&mut self, bound: usize) -> [usize; 2] {
        let number = self.next();
        [number >> 32, number & 0xffff_ffff].map(|half| (half as usize * bound) >> 32)
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut z = self.seed.wrapping_add(self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
