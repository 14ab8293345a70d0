//! Whom a policy reserves: one file per index. Each finds a position whose bit is set, and the
//! reservation of the agent's word decides; a bit is only a hint.

mod turns;
mod random;
mod scores;
#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod exact;

use model::id::LaneId;
use model::people::Policy;

use super::LockFree;
use super::handover::{Taken, Tried};
use super::index::{Found, Index};
use super::roster::{Group, Layout};
use super::word::Word;
use crate::assign::shim::Reader;

/// A decision in one layout.
pub(super) struct Pick<'a> {
    pub(super) core: &'a LockFree,
    pub(super) layout: &'a Reader<'a, Layout>,
    pub(super) group: &'a Group,
    /// The lane of an arrival, which takes the group's turn; a hand-over has none.
    pub(super) lane: Option<LaneId>,
    /// Whether a bit was set again: the group's line is to be looked at once more.
    pub(super) repaired: bool,
}

/// What a search came to.
pub(super) enum Search {
    Seated(Taken),
    Nobody,
    /// The layout is another one: search again there.
    Renewed,
}

impl Pick<'_> {
    /// Reserves whom the policy picks.
    #[inline(always)]
    pub(super) fn search(&mut self) -> Search {
        match &self.group.eligible {
            Index::Ring(ring) => scores::search(self, ring),
            Index::Flat(bits) => match self.group.policy {
                Policy::AgentPriority => turns::by_rank(self, bits),
                Policy::Random => random::search(self, bits),
                _ => turns::circular(self, bits),
            },
        }
    }

    /// The word of the agent whose bit was found, when he is eligible; else the bit is cleared.
    #[inline(always)]
    fn eligible(&mut self, found: Found) -> Option<Word> {
        let word = self.word(found.position)?;
        if word.eligible() {
            return Some(word);
        }
        self.clear(found);
        None
    }

    /// The word of the agent at a position.
    #[inline(always)]
    fn word(&self, position: usize) -> Option<Word> {
        Some(self.core.word(self.group.agent(position)?))
    }

    /// Reserves the agent whose bit was found; `None` when he is not eligible any more, or
    /// not as he was.
    #[inline(always)]
    fn reserve(&mut self, found: Found, seen: Word, key: u64) -> Option<Search> {
        match self.core.reserve_at(self.layout, self.group, found, seen) {
            Tried::Seated { taken, repaired } => {
                self.repaired |= repaired;
                Some(Search::Seated(Taken { key, ..taken }))
            }
            Tried::Refused => {
                self.clear(found);
                None
            }
            Tried::Changed => None,
            Tried::Renewed => Some(Search::Renewed),
        }
    }

    /// Clears a bit that was found; its agent is looked at again.
    #[inline(never)]
    fn clear(&mut self, found: Found) {
        self.repaired |= self.core.clear(self.layout, self.group, found);
    }
}

/// The place of a position in join order.
#[inline(always)]
fn place(group: &Group, position: usize) -> u64 {
    group.position(position).map_or(0, |at| u64::from(at.place))
}
