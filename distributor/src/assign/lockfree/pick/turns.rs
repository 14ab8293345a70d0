//! The policies that go round: a word says where the next turn begins, and whoever moves it has
//! the turn. An agent is looked at before the turn is taken, so nobody's turn is lost to a bit
//! that was only a hint.

use super::{Pick, Search, place};
use crate::assign::lockfree::index::{Bitmap, Found};
use crate::assign::lockfree::roster::{next_of, turn_of};
use crate::assign::shim::{Mutant, Word64, wrong};

/// Positions that share a turn.
struct Round<'a> {
    turn: &'a Word64,
    first: usize,
    end: usize,
}

/// The next eligible after the one last reserved, in join order. The key is his place.
#[inline(always)]
pub(super) fn circular(pick: &mut Pick<'_>, bits: &Bitmap) -> Search {
    let group = pick.group;
    let round = Round { turn: &group.turn.0, first: 0, end: group.order.len() };
    go_round(pick, bits, &round, |position| place(group, position)).unwrap_or(Search::Nobody)
}

/// The highest rank with anybody eligible; inside it in turn. The key is the rank.
#[inline(always)]
pub(super) fn by_rank(pick: &mut Pick<'_>, bits: &Bitmap) -> Search {
    let group = pick.group;
    while let Some(best) = bits.next(0) {
        let Some(class) = group.class_of(best) else { return Search::Nobody };
        let round = Round { turn: &class.turn.0, first: class.first, end: class.end };
        if let Some(search) = go_round(pick, bits, &round, |_| u64::from(class.rank.0)) {
            return search;
        }
    }
    Search::Nobody
}

/// `None` when nobody of the round is eligible.
#[inline(always)]
fn go_round(
    pick: &mut Pick<'_>,
    bits: &Bitmap,
    round: &Round<'_>,
    key: impl Fn(usize) -> u64,
) -> Option<Search> {
    loop {
        let turn = round.turn.get();
        let from = next_of(turn);
        let behind = bits.next_until(from, round.end);
        let position = behind.or_else(|| bits.next_until(round.first, from))?;
        let Some(seen) = pick.eligible(Found::flat(position)) else { continue };
        let next = turn_of(turn, position);
        if pick.lane.is_some() && wrong(Mutant::TurnStored) {
            round.turn.set(next);
        } else if pick.lane.is_some() && round.turn.change(turn, next).is_err() {
            continue;
        }
        if let Some(search) = pick.reserve(Found::flat(position), seen, key(position)) {
            return Some(search);
        }
    }
}
