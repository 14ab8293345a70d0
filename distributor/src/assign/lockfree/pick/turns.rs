//! The policies that go round: a word says where the next turn begins, and whoever moves it has
//! the turn. An agent is looked at before the turn is taken, so nobody's turn is lost to a bit
//! that was only a hint.

use model::id::LaneId;

use super::{Candidate, Pick, Search, first_eligible};
use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::handover::Full;
use crate::assign::lockfree::index::{Bitmap, Found};
use crate::assign::lockfree::roster::{Group, Position, next_of, turn_of};
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Mutant, Word64, wrong};

/// Agents looked at in one go, without a branch for each: which of them is eligible nobody can
/// foresee, and a branch foreseen wrongly costs as much as five looks.
const ABREAST: usize = if cfg!(chasqui_loom) { 1 } else { 6 };
/// How often a search looks at so many before it clears the bits of those who are not eligible. To
/// clear a bit and to set it again costs as much as ten looks.
const GLANCES: usize = if cfg!(chasqui_loom) { 2 } else { 4 };

/// The next eligible after the one last reserved, in join order. The key is his place.
pub(super) fn circular(
    core: &LockFree,
    group: &Group,
    edition: u64,
    lane: Option<LaneId>,
    bits: &Bitmap,
) -> Search {
    let pick = Pick { core, group, edition, lane };
    let mut repaired = false;
    loop {
        let turn = group.turn.0.get();
        let from = next_of(turn);
        let (candidate, full) = match glance(pick, bits, from) {
            Some(candidate) => (candidate, Full::Left),
            None => {
                let (found, again) = next(pick, bits, from);
                repaired |= again;
                let Some(candidate) = found else { return Search::nobody().with(repaired) };
                (candidate, Full::Cleared)
            }
        };
        if !take(lane, (&group.turn.0, turn), candidate) {
            continue;
        }
        if let Some(search) = pick.reserve(candidate, full, candidate.place, &mut repaired) {
            return search.with(repaired);
        }
    }
}

/// The next eligible from a position on, unless he is far. It writes nothing.
#[inline(always)]
fn glance(pick: Pick<'_>, bits: &Bitmap, from: usize) -> Option<Candidate> {
    let (words, order, mut first) = (pick.core.words.all(), &*pick.group.order, from);
    for _ in 0..GLANCES {
        first += match bits.rest(first) {
            0 => return None,
            rest => rest.trailing_zeros() as usize,
        };
        let abreast: &[Position; ABREAST] = order.get(first..)?.first_chunk()?;
        let seen = abreast.map(|at| Word(words.get(at.agent as usize).map_or(0, Word64::get)));
        let nth = first_eligible(&seen);
        if let Some((word, at)) = seen.get(nth).zip(abreast.get(nth)) {
            let found = Found::flat(first + nth);
            return Some(Candidate { found, agent: at.agent, place: at.place, word: *word });
        }
        first += ABREAST;
    }
    None
}

/// The next eligible from a position on, round, and whether a bit was set again: the bits of those
/// before him are cleared.
#[inline(never)]
fn next(pick: Pick<'_>, bits: &Bitmap, from: usize) -> (Option<Candidate>, bool) {
    let mut repaired = false;
    loop {
        let behind = bits.next(from);
        let Some(position) = behind.or_else(|| bits.next_until(0, from)) else {
            return (None, repaired);
        };
        if let Some(candidate) = pick.eligible(Found::flat(position), &mut repaired) {
            return (Some(candidate), repaired);
        }
    }
}

/// The highest rank with anybody eligible; inside it in turn. The key is the rank.
pub(super) fn by_rank(
    core: &LockFree,
    group: &Group,
    edition: u64,
    lane: Option<LaneId>,
    bits: &Bitmap,
) -> Search {
    let pick = Pick { core, group, edition, lane };
    let mut repaired = false;
    loop {
        let (latest, bit) = (core.latest(group), bits.next(0));
        let Some(first) = first_of(latest, bit) else { break };
        let Some(class) = group.class_of(first) else { break };
        let turn = class.turn.0.get();
        let from = next_of(turn);
        // The first of all is the first of his rank: only who stands before the turn lets others
        // of it go first.
        let behind = if first < from { bits.next_until(from, class.end) } else { None };
        let bit = behind.or(bit).filter(|bit| *bit < class.end);
        let rank = |position: usize| (position < from, position);
        let before = |one: &Candidate| bit.is_none_or(|bit| rank(one.found.position) < rank(bit));
        let latest = latest.filter(|one| one.found.position < class.end && before(one));
        let candidate = match latest {
            Some(latest) => latest,
            None => {
                let Some(bit) = bit else { break };
                let found = pick.eligible(Found::flat(bit), &mut repaired);
                let Some(candidate) = found else { continue };
                candidate
            }
        };
        if !take(lane, (&class.turn.0, turn), candidate) {
            continue;
        }
        let full = if candidate.found.has_bit() { Full::Cleared } else { Full::Left };
        let key = u32::from(class.rank.0);
        if let Some(search) = pick.reserve(candidate, full, key, &mut repaired) {
            return search.with(repaired);
        }
    }
    Search::nobody().with(repaired)
}

#[inline(always)]
fn first_of(latest: Option<Candidate>, bit: Option<usize>) -> Option<usize> {
    let latest = latest.map(|latest| latest.found.position);
    latest.into_iter().chain(bit).min()
}

/// Gives the turn to an agent, if it is still the one seen. A hand-over takes none.
#[inline(always)]
fn take(lane: Option<LaneId>, (word, turn): (&Word64, u64), candidate: Candidate) -> bool {
    let next = turn_of(turn, candidate.found.position);
    if lane.is_none() {
        return true;
    }
    if wrong(Mutant::TurnStored) {
        word.set(next);
        return true;
    }
    word.change(turn, next).is_ok()
}
