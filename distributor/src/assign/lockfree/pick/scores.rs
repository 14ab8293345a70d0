//! The least key among the eligible, found by looking at each: exact, and O(eligible).

use super::{Pick, Search};
use crate::assign::lockfree::index::{Found, Ring};
use crate::assign::lockfree::word::Word;

/// Any of those with the least key. The reservation contains the score, so a key that changed
/// since it was read is noticed and looked for anew.
#[inline(never)]
pub(super) fn search(pick: &mut Pick<'_>, ring: &Ring) -> Search {
    loop {
        let mut least: Option<(u64, Found, Word)> = None;
        for found in ring.iter() {
            let Some(word) = pick.eligible(found) else { continue };
            if least.is_none_or(|(than, _, _)| ring.key(word) < than) {
                least = Some((ring.key(word), found, word));
            }
        }
        let Some((key, found, seen)) = least else { return Search::Nobody };
        if let Some(search) = pick.reserve(found, seen, key) {
            return search;
        }
    }
}
