//! Whom a policy reserves: one file per index. Each finds a position whose bit is set, and the
//! reservation of the agent's word decides; a bit is only a hint.

mod turns;
mod random;
mod scores;

use model::people::Policy;

use super::LockFree;
use super::handover::{Taken, Tried};
use super::roster::{Group, Layout};
use super::word::Word;
use crate::assign::shim::Reader;

/// A decision in one layout.
pub(super) struct Pick<'a> {
    pub(super) core: &'a LockFree,
    pub(super) layout: &'a Reader<'a, Layout>,
    /// The group, and its number.
    pub(super) group: &'a Group,
    pub(super) number: u32,
    /// Whether it takes the group's turn: arrivals do, hand-overs do not.
    pub(super) turns: bool,
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
    pub(super) fn search(&mut self) -> Search {
        match self.group.policy {
            Policy::Circular => turns::circular(self),
            Policy::AgentPriority => turns::by_rank(self),
            Policy::Random => random::search(self),
            Policy::LeastTime => scores::search(self, |word| u64::from(word.score().time)),
            Policy::LeastCount => scores::search(self, |word| u64::from(word.score().count)),
        }
    }

    /// The word of the agent at a position, when he is eligible; else his bit is cleared.
    #[inline]
    fn eligible(&mut self, position: usize) -> Option<Word> {
        let agent = self.group.position(position)?.agent;
        let word = self.core.word(agent);
        if word.eligible() {
            return Some(word);
        }
        self.repaired |= self.core.clear(self.layout, self.number, position);
        None
    }

    /// Reserves the agent at a position; `None` when he is not eligible any more.
    #[inline]
    fn reserve(&mut self, position: usize, seen: Word, key: u64) -> Option<Search> {
        match self.core.reserve_at(self.layout, self.number, position, seen) {
            Tried::Seated { taken, repaired } => {
                self.repaired |= repaired;
                Some(Search::Seated(Taken { key, ..taken }))
            }
            Tried::Refused => {
                self.repaired |= self.core.clear(self.layout, self.number, position);
                None
            }
            Tried::Renewed => Some(Search::Renewed),
        }
    }
}
