//! Who may be eligible, by position in a group: the one place where a policy's search begins.
//!
//! Whoever is eligible is shown; whoever is shown may be eligible no more, which the search that
//! finds him notices. Two shapes: policies that go round or draw need a set, those that want the
//! least score need it by score.

mod bitmap;
mod latest;
mod ring;

pub(in crate::assign) use bitmap::Bitmap;
pub(super) use bitmap::{LEAF, SUMMARY};
pub(super) use latest::Latest;
use model::people::Policy;
pub(super) use ring::{Low, Ring};

use super::word::Word;

/// The positions of a group whose agents may be eligible; all who are, are in it.
#[derive(Debug)]
pub(super) enum Index {
    /// A bit for each position.
    Flat(Bitmap),
    /// By score.
    Ring(Box<Ring>),
}

/// A bit that was found: whose it is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) position: usize,
    bit: usize,
}

/// Which part of the score counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Conversations.
    Count,
    /// Units of service time.
    Time,
}

impl Index {
    /// Nobody is shown.
    pub(super) fn new(policy: Policy, positions: usize) -> Self {
        match policy {
            Policy::LeastCount => Self::Ring(Box::new(Ring::new(Measure::Count, positions))),
            Policy::LeastTime => Self::Ring(Box::new(Ring::new(Measure::Time, positions))),
            _ => Self::Flat(Bitmap::new(positions)),
        }
    }

    /// Whether a search finds a position.
    pub(super) fn finds(&self, position: usize) -> bool {
        match self {
            Self::Flat(bits) => bits.finds(position),
            Self::Ring(ring) => ring.finds(position),
        }
    }

    /// Calls for every position a search finds, for some more than once.
    pub(super) fn each_found(&self, call: impl FnMut(usize)) {
        match self {
            Self::Flat(bits) => bits.iter().for_each(call),
            Self::Ring(ring) => ring.each_found(call),
        }
    }

    /// Whether a search would find nobody. Of those by score it says so of none: their bits move.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Flat(bits) => bits.is_empty(),
            Self::Ring(_) => false,
        }
    }

    /// The agent at a position is eligible with this word. Comes after the word.
    #[inline]
    pub(super) fn show(&self, position: usize, word: Word) {
        match self {
            Self::Flat(bits) => bits.set(position),
            Self::Ring(ring) => ring.show(position, word),
        }
    }

    /// Shows an agent who is eligible though his bit was just cleared; whether that was needed.
    #[inline]
    pub(super) fn show_again(&self, position: usize, word: Word) -> bool {
        if let Self::Ring(ring) = self
            && ring.has(position, word)
        {
            return false;
        }
        self.show(position, word);
        true
    }

    /// Whether an agent with one word is searched for as he is with the other.
    #[inline]
    pub(super) fn ranks_alike(&self, one: Word, other: Word) -> bool {
        match self {
            Self::Flat(_) => true,
            Self::Ring(ring) => ring.key(one) == ring.key(other),
        }
    }

    /// Whether somebody whose word fell is to be shown again.
    pub(super) fn goes_by_score(&self) -> bool {
        matches!(self, Self::Ring(_))
    }

    /// Makes ready for showing so many positions, whose words these are.
    pub(super) fn begin(&self, positions: usize, word: impl Fn(usize) -> Option<Word>) {
        let Self::Ring(ring) = self else { return };
        let low = ring.low();
        let words = (0..positions).filter_map(&word).filter(|word| word.eligible());
        let least = words.map(|word| ring.key(word)).min();
        if let Some(least) = least.filter(|least| *least > low.key()) {
            ring.begin_at(low, least, word);
        }
    }

    /// Clears a bit; whether others may have missed another one for that. The agent is to be
    /// looked at again, and shown if he is eligible.
    #[inline]
    pub(super) fn hide(&self, found: Found) -> bool {
        match self {
            Self::Flat(bits) => bits.clear(found.bit),
            Self::Ring(ring) => ring.hide(found),
        }
    }

    /// Whether a search finds an agent, and not after others whose keys are greater (at rest).
    #[cfg(test)]
    pub(super) fn shows(&self, position: usize, word: Word) -> bool {
        match self {
            Self::Flat(bits) => bits.finds(position),
            Self::Ring(ring) => ring.shows(position, word),
        }
    }
}

impl Found {
    const NO_BIT: usize = usize::MAX;

    /// The bit of a position in a flat index.
    #[inline]
    pub(super) fn flat(position: usize) -> Self {
        Self { position, bit: position }
    }

    /// A position found without a bit.
    #[inline]
    pub(super) fn latest(position: usize) -> Self {
        Self { position, bit: Self::NO_BIT }
    }

    /// Whether there is a bit to be cleared.
    #[inline]
    pub(super) fn has_bit(self) -> bool {
        self.bit != Self::NO_BIT
    }
}

impl Measure {
    #[inline]
    pub(super) fn of(self, word: Word) -> u64 {
        let score = word.score();
        u64::from(match self {
            Self::Count => score.count,
            Self::Time => score.time,
        })
    }
}
