//! The policies that go round: a word says where the next turn begins, and whoever moves it has
//! the turn. An agent is looked at before the turn is taken, so nobody's turn is lost to a bit
//! that was only a hint.

use super::{Pick, Search, place};
use crate::assign::lockfree::index::{Bitmap, Found};
use crate::assign::lockfree::roster::{next_of, turn_of};
use crate::assign::shim::{Mutant, Word64, wrong};

/// The next eligible after the one last reserved, in join order. The key is his place.
#[inline(always)]
pub(super) fn circular(pick: &mut Pick<'_>, bits: &Bitmap) -> Search {
    let group = pick.group;
    loop {
        let turn = group.turn.0.get();
        let from = next_of(turn);
        let behind = bits.next(from);
        let Some(position) = behind.or_else(|| bits.next_until(0, from)) else {
            return Search::Nobody;
        };
        let key = place(group, position);
        if let Some(search) = take(pick, (&group.turn.0, turn), position, key) {
            return search;
        }
    }
}

/// The highest rank with anybody eligible; inside it in turn. The key is the rank.
#[inline(always)]
pub(super) fn by_rank(pick: &mut Pick<'_>, bits: &Bitmap) -> Search {
    let group = pick.group;
    while let Some(first) = bits.next(0) {
        let Some(class) = group.class_of(first) else { return Search::Nobody };
        let turn = class.turn.0.get();
        let from = next_of(turn);
        // The first of all is the first of his rank: only who stands before the turn lets others
        // of it go first.
        let behind = if first < from { bits.next_until(from, class.end) } else { None };
        let key = u64::from(class.rank.0);
        if let Some(search) = take(pick, (&class.turn.0, turn), behind.unwrap_or(first), key) {
            return search;
        }
    }
    Search::Nobody
}

/// Gives the turn to a position, and reserves its agent; `None` when one of the two failed.
#[inline(always)]
fn take(
    pick: &mut Pick<'_>,
    (word, turn): (&Word64, u64),
    position: usize,
    key: u64,
) -> Option<Search> {
    let found = Found::flat(position);
    let seen = pick.eligible(found)?;
    let next = turn_of(turn, position);
    if pick.lane.is_some() && wrong(Mutant::TurnStored) {
        word.set(next);
    } else if pick.lane.is_some() {
        word.change(turn, next).ok()?;
    }
    pick.reserve(found, seen, key)
}
