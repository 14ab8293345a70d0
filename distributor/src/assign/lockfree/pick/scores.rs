//! The least key among the eligible, from an index that keeps them by key. A bit says that its
//! agent's key is at least so much; the reservation contains the score, so it decides.

use std::cmp::Ordering;

use model::id::LaneId;

use super::{Candidate, Pick, Search};
use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::handover::Full;
use crate::assign::lockfree::index::{Found, Low, Ring};
use crate::assign::lockfree::roster::Group;
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Mutant, wrong};

/// Somebody with the least key, when he was looked at.
struct Least {
    candidate: Candidate,
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
pub(super) fn search(
    core: &LockFree,
    group: &Group,
    edition: u64,
    lane: Option<LaneId>,
    ring: &Ring,
) -> Search {
    let pick = Pick { core, group, edition, lane };
    let mut repaired = false;
    loop {
        let low = ring.low();
        let Least { candidate, key } = match least(pick, ring, low, &mut repaired) {
            Look::Least(least) => least,
            Look::Again => continue,
            Look::Nobody if ring.low() == low || wrong(Mutant::NobodyInAnotherRound) => {
                return Search::nobody().with(repaired);
            }
            Look::Nobody => continue,
        };
        let full = if candidate.found.has_bit() { Full::Cleared } else { Full::Left };
        // A key has nineteen bits at most.
        if let Some(search) = pick.reserve(candidate, full, key as u32, &mut repaired) {
            if candidate.found.has_bit() {
                ring.go_on(candidate.found);
            }
            return search.with(repaired);
        }
    }
}

/// Who came free last, if his key is less than those of all bits, or else the least of these. Equal
/// to it he is shown by his bit, and so takes turns with the others.
#[inline]
fn least(pick: Pick<'_>, ring: &Ring, low: Low, repaired: &mut bool) -> Look {
    let Some(candidate) = pick.core.latest(pick.group) else {
        return look(pick, ring, low, repaired);
    };
    let latest = Least { candidate, key: ring.key(candidate.word) };
    if ring.is_none_under() && ring.first(low).is_none_or(|(_, key)| latest.key < key) {
        return Look::Least(latest);
    }
    match look(pick, ring, low, repaired) {
        Look::Least(least) if latest.key < least.key => Look::Least(latest),
        Look::Least(least) if latest.key == least.key => {
            ring.show(candidate.found.position, candidate.word);
            Look::Least(least)
        }
        Look::Nobody => Look::Least(latest),
        found => found,
    }
}

#[inline]
fn look(pick: Pick<'_>, ring: &Ring, low: Low, repaired: &mut bool) -> Look {
    if !ring.is_none_under() {
        let (found, again) = under(pick, ring, low);
        *repaired |= again;
        if !matches!(found, Look::Nobody) {
            return found;
        }
    }
    round(pick, ring, low, repaired)
}

/// Looks at everybody below `low`. Who is above by now is moved into the ring.
#[cold]
fn under(pick: Pick<'_>, ring: &Ring, low: Low) -> (Look, bool) {
    let (mut least, mut count): (Option<Least>, usize) = (None, 0);
    let mut repaired = false;
    for found in ring.under() {
        let Some(candidate) = pick.eligible(found, &mut repaired) else { continue };
        let key = ring.key(candidate.word);
        if key >= low.key() {
            raise(pick, ring, low, (found, candidate.word), &mut repaired);
            continue;
        }
        count += 1;
        if least.as_ref().is_none_or(|least| key < least.key) {
            least = Some(Least { candidate, key });
        }
    }
    let look = match least {
        Some(least) if ring.is_crowd(count) => {
            ring.begin_below(low, least.key);
            Look::Again
        }
        Some(least) => Look::Least(least),
        None => Look::Nobody,
    };
    (look, repaired)
}

/// Looks at who is found first from `low` round, until one is where he belongs.
#[inline]
fn round(pick: Pick<'_>, ring: &Ring, low: Low, repaired: &mut bool) -> Look {
    while let Some((found, key)) = ring.first(low) {
        if Ring::is_far(low, key) {
            let word = |position| pick.word(position);
            ring.begin_at(low, ring.least_from(low, (found, key), word), word);
            return Look::Again;
        }
        let Some(candidate) = pick.eligible(found, repaired) else { continue };
        let seen = candidate.word;
        match ring.key(seen).cmp(&key) {
            Ordering::Equal => return Look::Least(Least { candidate, key }),
            Ordering::Greater if raise(pick, ring, low, (found, seen), repaired) => {}
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
fn raise(
    pick: Pick<'_>,
    ring: &Ring,
    low: Low,
    (found, seen): (Found, Word),
    repaired: &mut bool,
) -> bool {
    if wrong(Mutant::MoveClearsFirst) {
        ring.hide(found);
    }
    ring.show(found.position, seen);
    let same = ring.low() == low;
    if same && !wrong(Mutant::MoveClearsFirst) {
        *repaired |= pick.clear(found);
    }
    same
}
