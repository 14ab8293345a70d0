//! The least key among the eligible, found by looking at each: exact, and O(eligible).

use super::{Pick, Search};
use crate::assign::lockfree::word::Word;

/// Any of those with the least key. The reservation contains the score, so a key that changed
/// since it was read is noticed and looked for anew.
pub(super) fn search(pick: &mut Pick<'_>, key: impl Fn(Word) -> u64) -> Search {
    let group = pick.group;
    loop {
        let mut least: Option<(u64, usize, Word)> = None;
        for position in group.eligible.iter() {
            let Some(word) = pick.eligible(position) else { continue };
            if least.is_none_or(|(than, _, _)| key(word) < than) {
                least = Some((key(word), position, word));
            }
        }
        let Some((key, position, seen)) = least else { return Search::Nobody };
        if let Some(search) = pick.reserve(position, seen, key) {
            return search;
        }
    }
}
