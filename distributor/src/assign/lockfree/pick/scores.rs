//! The least key among the eligible, from an index that keeps them by key. A bit says that its
//! agent's key is at least so much; the reservation contains the score, so it decides.

use std::cmp::Ordering;

use super::{Pick, Search};
use crate::assign::lockfree::index::{Found, Low, Ring};
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Mutant, wrong};

/// Somebody with the least key, when he was looked at.
struct Least {
    found: Found,
    seen: Word,
    key: u64,
}

/// What a look at the index came to.
enum Look {
    Least(Least),
    Nobody,
    /// Something was put right: look again.
    Again,
}

/// Any of those with the least key.
pub(super) fn search(pick: &mut Pick<'_>, ring: &Ring) -> Search {
    loop {
        let low = ring.low();
        let Least { found, seen, key } = match look(pick, ring, low) {
            Look::Least(least) => least,
            Look::Again => continue,
            Look::Nobody if ring.low() == low || wrong(Mutant::NobodyInAnotherRound) => {
                return Search::Nobody;
            }
            Look::Nobody => continue,
        };
        if let Some(search) = pick.reserve(found, seen, key) {
            ring.go_on(found);
            return search;
        }
    }
}

#[inline]
fn look(pick: &mut Pick<'_>, ring: &Ring, low: Low) -> Look {
    if !ring.is_none_under() {
        match under(pick, ring, low) {
            Look::Nobody => {}
            found => return found,
        }
    }
    round(pick, ring, low)
}

/// Looks at everybody below `low`. Who is above by now is moved into the ring.
#[cold]
fn under(pick: &mut Pick<'_>, ring: &Ring, low: Low) -> Look {
    let (mut least, mut count): (Option<Least>, usize) = (None, 0);
    for found in ring.under() {
        let Some(seen) = pick.eligible(found) else { continue };
        let key = ring.key(seen);
        if key >= low.key() {
            raise(pick, ring, low, (found, seen));
            continue;
        }
        count += 1;
        if least.as_ref().is_none_or(|least| key < least.key) {
            least = Some(Least { found, seen, key });
        }
    }
    match least {
        Some(least) if ring.is_crowd(count) => {
            ring.begin_below(low, least.key);
            Look::Again
        }
        Some(least) => Look::Least(least),
        None => Look::Nobody,
    }
}

/// Looks at who is found first from `low` round, until one is where he belongs.
#[inline]
fn round(pick: &mut Pick<'_>, ring: &Ring, low: Low) -> Look {
    while let Some((found, key)) = ring.first(low) {
        if Ring::is_far(low, key) {
            let word = |position| pick.word(position);
            ring.begin_at(low, ring.least_from(low, (found, key), word), word);
            return Look::Again;
        }
        let Some(seen) = pick.eligible(found) else { continue };
        match ring.key(seen).cmp(&key) {
            Ordering::Equal => return Look::Least(Least { found, seen, key }),
            Ordering::Greater if raise(pick, ring, low, (found, seen)) => {}
            Ordering::Greater => return Look::Again,
            Ordering::Less => {
                ring.show(found.position, seen);
                return Look::Again;
            }
        }
    }
    Look::Nobody
}

/// Moves a bit to where its agent belongs, further on; false when the ring begins elsewhere by
/// now: then the bit stays.
fn raise(pick: &mut Pick<'_>, ring: &Ring, low: Low, (found, seen): (Found, Word)) -> bool {
    if wrong(Mutant::MoveClearsFirst) {
        ring.hide(found);
    }
    ring.show(found.position, seen);
    let same = ring.low() == low;
    if same && !wrong(Mutant::MoveClearsFirst) {
        pick.clear(found);
    }
    same
}
