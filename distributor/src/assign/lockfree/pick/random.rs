//! Uniform over the eligible: a few draws of a position, each taken when its agent is eligible; then
//! the r-th of the bits counted.

use model::id::LaneId;

use super::{Candidate, Pick, Search, first_eligible};
use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::handover::Full;
use crate::assign::lockfree::index::{Bitmap, Found, LEAF};
use crate::assign::lockfree::roster::Group;
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Alone, Word64};

/// Draws before the bits are counted: with a twentieth of all agents eligible four of five searches
/// end before.
const DRAWS: u64 = if cfg!(chasqui_loom) { 1 } else { 32 };
/// Agents drawn and looked at in one go, without a branch for each: which of them is eligible nobody
/// can foresee.
const ABREAST: usize = if cfg!(chasqui_loom) { 1 } else { 8 };
const ROUNDS: u64 = DRAWS / ABREAST as u64;

/// Any eligible agent, each with the same probability. The key is his place.
pub(super) fn search(
    core: &LockFree,
    group: &Group,
    edition: u64,
    lane: Option<LaneId>,
    bits: &Bitmap,
) -> Search {
    let pick = Pick { core, group, edition, lane };
    let mut repaired = false;
    loop {
        let mut draw = Draw::of(pick);
        let (candidate, full) = match drawn(pick, bits, &mut draw) {
            Some(candidate) => (candidate, Full::Left),
            None => {
                let (found, again) = counted(pick, bits, draw);
                repaired |= again;
                let Some(candidate) = found else { return Search::nobody().with(repaired) };
                (candidate, Full::Cleared)
            }
        };
        if let Some(search) = pick.reserve(candidate, full, candidate.place, &mut repaired) {
            return search.with(repaired);
        }
    }
}

/// The first of a few draws who is eligible, several looked at in one go, without a branch for
/// each. Bits of others that are set are left so: to clear one and to set it again costs as much as
/// several draws.
#[inline(always)]
fn drawn(pick: Pick<'_>, bits: &Bitmap, draw: &mut Draw) -> Option<Candidate> {
    let bound = bits.bits();
    // Nearly everybody may be eligible: then one look does.
    let position = draw.half_below(bound);
    if bits.has(position) {
        let candidate = pick.look(Found::flat(position))?;
        if candidate.word.eligible() {
            return Some(candidate);
        }
    }
    let (words, order) = (pick.core.words.all(), &*pick.group.order);
    for _ in 0..ROUNDS {
        let mut drawn = [0; ABREAST];
        drawn.iter_mut().for_each(|position| *position = draw.half_below(bound));
        if !drawn.iter().any(|position| bits.has(*position)) {
            continue;
        }
        let agents = drawn.map(|position| order.get(position).map_or(u32::MAX, |at| at.agent));
        let seen = agents.map(|agent| Word(words.get(agent as usize).map_or(0, Word64::get)));
        let eligible = first_eligible(&seen);
        if let Some((position, word)) = drawn.get(eligible).zip(seen.get(eligible)) {
            let at = order.get(*position)?;
            let found = Found::flat(*position);
            return Some(Candidate { found, agent: at.agent, place: at.place, word: *word });
        }
    }
    None
}

/// The r-th set bit, r drawn, once its agent is eligible; and whether a bit was set again. Bits
/// change meanwhile: whoever finds fewer than he counted counts again.
#[inline(never)]
fn counted(pick: Pick<'_>, bits: &Bitmap, mut draw: Draw) -> (Option<Candidate>, bool) {
    let mut repaired = false;
    while bits.next(0).is_some() {
        let count: u32 = bits.leaves().iter().map(|word| word.get().count_ones()).sum();
        if count == 0 {
            continue;
        }
        let Some(position) = nth_of_all(bits, draw.below(count as usize) as u32) else { continue };
        if let Some(candidate) = pick.eligible(Found::flat(position), &mut repaired) {
            return (Some(candidate), repaired);
        }
        // The bits of others who are not eligible go with it: so whoever counts many of them
        // counts a few times only.
        let mut rest = bits.rest(position / LEAF * LEAF);
        while rest != 0 {
            let other = position / LEAF * LEAF + rest.trailing_zeros() as usize;
            let _ = pick.eligible(Found::flat(other), &mut repaired);
            rest &= rest - 1;
        }
    }
    (None, repaired)
}

fn nth_of_all(bits: &Bitmap, mut n: u32) -> Option<usize> {
    for (number, word) in bits.leaves().iter().enumerate() {
        let word = word.get();
        match n.checked_sub(word.count_ones()) {
            Some(less) => n = less,
            None => return Some(number * LEAF + nth(word, n)),
        }
    }
    None
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
    fn of(pick: Pick<'_>) -> Self {
        let core = pick.core;
        let stream = pick.lane.map_or(core.draws.len() - 1, |lane| usize::from(lane.get()));
        let drawn = core.draws.get(stream).map_or(0, |Alone(count)| match pick.lane {
            Some(_) => count.add_alone(2 * DRAWS),
            None => count.add(2 * DRAWS),
        });
        let apart = u64::from(pick.group.number) << 8 | stream as u64;
        let seed = core.seed.wrapping_add(apart.wrapping_mul(0xa076_1d64_78bd_642f));
        Self { seed, drawn }
    }

    /// Below a bound that is not 0. The product's high half: a bias of at most bound / 2⁶⁴.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// The next by half of a number: a bias of at most bound / 2³².
    #[inline(always)]
    fn half_below(&mut self, bound: usize) -> usize {
        ((self.next() >> 32) as usize * bound) >> 32
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
