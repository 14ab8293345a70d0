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
use super::handover::{Full, Taken, Tried};
use super::index::{Found, Index};
use super::roster::Group;
use super::word::Word;

/// A decision in one layout.
#[derive(Clone, Copy)]
pub(super) struct Pick<'a> {
    pub(super) core: &'a LockFree,
    pub(super) group: &'a Group,
    /// The number of the layout.
    pub(super) edition: u64,
    /// The lane of an arrival, which takes the group's turn; a hand-over has none.
    pub(super) lane: Option<LaneId>,
}

/// What a search came to: somebody seated, nobody, or that the layout is another one; and whether
/// a bit was set again: then the group's line is to be looked at once more.
///
/// Two words, and each policy's search is a function of its own that is given single words: so all
/// of it is handed on in registers, and none of them pays for what the others hold.
#[derive(Clone, Copy)]
pub(super) struct Search {
    word: Word,
    /// That of a [`Taken`], and below it what follows.
    rest: u64,
}

/// An agent whose bit was found, and his word when he was looked at.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) found: Found,
    pub(super) agent: u32,
    /// His place in join order.
    pub(super) place: u32,
    pub(super) word: Word,
}

impl Search {
    const SEATED: u64 = 1;
    const RENEWED: u64 = 2;
    const REPAIRED: u64 = 4;

    fn seated(taken: Taken) -> Self {
        Self { word: taken.word, rest: taken.rest | Self::SEATED }
    }

    const fn nobody() -> Self {
        Self { word: Word(0), rest: 0 }
    }

    const fn renewed() -> Self {
        Self { word: Word(0), rest: Self::RENEWED }
    }

    #[inline(always)]
    fn with(self, repaired: bool) -> Self {
        Self { rest: self.rest | (Self::REPAIRED * u64::from(repaired)), ..self }
    }

    #[inline(always)]
    pub(super) fn taken(self) -> Option<Taken> {
        let taken = Taken { word: self.word, rest: self.rest & !Taken::BELOW };
        (self.rest & Self::SEATED != 0).then_some(taken)
    }

    /// Search again, in the layout in force.
    #[inline(always)]
    pub(super) fn is_renewed(self) -> bool {
        self.rest & Self::RENEWED != 0
    }

    #[inline(always)]
    pub(super) fn has_repaired(self) -> bool {
        self.rest & Self::REPAIRED != 0
    }
}

impl LockFree {
    /// Who came free last in a group, if he is eligible.
    #[inline(always)]
    pub(super) fn latest(&self, group: &Group) -> Option<Candidate> {
        let found = Found::latest(group.latest.get().position()?);
        let at = group.position(found.position)?;
        let word = self.word(at.agent);
        let candidate = Candidate { found, agent: at.agent, place: at.place, word };
        word.eligible().then_some(candidate)
    }
}

impl<'a> Pick<'a> {
    /// Reserves whom the policy picks.
    #[inline(always)]
    pub(super) fn search(self) -> Search {
        let Self { core, group, edition, lane } = self;
        match &group.eligible {
            Index::Ring(ring) => scores::search(core, group, edition, lane, ring),
            Index::Flat(bits) => match group.policy {
                Policy::AgentPriority => turns::by_rank(core, group, edition, lane, bits),
                Policy::Random => random::search(core, group, edition, lane, bits),
                _ => turns::circular(core, group, edition, lane, bits),
            },
        }
    }

    /// The agent whose bit was found.
    #[inline(always)]
    fn look(self, found: Found) -> Option<Candidate> {
        let at = self.group.position(found.position)?;
        let word = self.core.word(at.agent);
        Some(Candidate { found, agent: at.agent, place: at.place, word })
    }

    /// The agent whose bit was found, when he is eligible; else the bit is cleared.
    #[inline(always)]
    fn eligible(self, found: Found, repaired: &mut bool) -> Option<Candidate> {
        let candidate = self.look(found)?;
        if candidate.word.eligible() {
            return Some(candidate);
        }
        *repaired |= self.clear(found);
        None
    }

    /// The word of the agent at a position.
    #[inline(always)]
    fn word(self, position: usize) -> Option<Word> {
        Some(self.core.word(self.group.agent(position)?))
    }

    /// Reserves an agent who was eligible; `None` when he is not any more, or not as he was.
    #[inline(always)]
    fn reserve(
        self,
        candidate: Candidate,
        full: Full,
        key: u32,
        repaired: &mut bool,
    ) -> Option<Search> {
        match self.core.reserve_at(self, candidate, full) {
            Tried::Seated { taken, repaired: again } => {
                *repaired |= again;
                Some(Search::seated(taken.by(key)))
            }
            Tried::Refused => {
                *repaired |= self.clear(candidate.found);
                None
            }
            Tried::Changed => None,
            Tried::Renewed => Some(Search::renewed()),
        }
    }

    /// Clears a bit that was found; its agent is looked at again. Whether anything was set again.
    #[inline(always)]
    fn clear(self, found: Found) -> bool {
        found.has_bit() && cleared(self.core, self.group, self.edition, found)
    }
}

/// The first of some words who is eligible, or a number beyond them.
#[inline(always)]
fn first_eligible<const N: usize>(words: &[Word; N]) -> usize {
    let each = words.iter().enumerate();
    let bits = each.fold(0_u32, |bits, (nth, word)| bits | u32::from(word.eligible()) << nth);
    bits.trailing_zeros() as usize
}

#[inline(never)]
fn cleared(core: &LockFree, group: &Group, edition: u64, found: Found) -> bool {
    core.clear(edition, group, found)
}
