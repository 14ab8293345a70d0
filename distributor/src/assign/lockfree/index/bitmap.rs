use crate::assign::shim::{Mutant, Words, full_fence, wrong};

/// A set of numbers, 64 to a word, with summaries above: a summary's bit is set when its word is
/// not 0. Any thread sets and clears.
///
/// A bit that was set before a search begins, and stays, is found by it, but for the time in which
/// another thread repairs a summary; whoever repairs is told, and owes a new search.
#[derive(Debug)]
pub(in crate::assign) struct Bitmap {
    leaves: Words,
    /// Level by level, the lowest first.
    summaries: Box<[Words]>,
    bits: usize,
}

/// Bits of a word at the bottom; models take two, so that two agents share a word, or do not.
pub(in crate::assign::lockfree) const LEAF: usize = if cfg!(chasqui_loom) { 2 } else { 64 };
/// Bits of a word above; models take two there too, so that eight agents make three levels.
pub(in crate::assign::lockfree) const SUMMARY: usize = if cfg!(chasqui_loom) { 2 } else { 64 };
/// A level of so few words needs no summary.
const TOP: usize = if cfg!(chasqui_loom) { 0 } else { 4 };

impl Bitmap {
    pub(in crate::assign) fn new(bits: usize) -> Self {
        let mut words = bits.div_ceil(LEAF).max(1);
        let leaves = Words::new(words);
        let mut summaries = Vec::new();
        while words > TOP && (words > 1 || summaries.is_empty()) {
            words = words.div_ceil(SUMMARY);
            summaries.push(Words::new(words));
        }
        Self { leaves, summaries: summaries.into(), bits }
    }

    pub(in crate::assign::lockfree) fn bits(&self) -> usize {
        self.bits
    }

    /// The words at the bottom.
    pub(in crate::assign::lockfree) fn leaves(&self) -> &Words {
        &self.leaves
    }

    #[inline]
    pub(in crate::assign::lockfree) fn has(&self, bit: usize) -> bool {
        self.leaves.at(bit / LEAF).get() >> (bit % LEAF) & 1 == 1
    }

    /// The bits of one word at the bottom from `from` on, that one the lowest.
    #[inline]
    pub(in crate::assign::lockfree) fn rest(&self, from: usize) -> u64 {
        match from / LEAF {
            word if word < self.leaves.len() => self.leaves.at(word).get() >> (from % LEAF),
            _ => 0,
        }
    }

    /// Whether a search that comes from far finds the bit: it is set, and so is all above it.
    pub(in crate::assign::lockfree) fn finds(&self, bit: usize) -> bool {
        let mut at = bit / LEAF;
        self.has(bit)
            && self.summaries.iter().all(|level| {
                let set = level.at(at / SUMMARY).get() >> (at % SUMMARY) & 1 == 1;
                at /= SUMMARY;
                set
            })
    }

    /// Sets a bit, and what is missing above it. Comes after a fence: one who finds the bit set
    /// writes nothing, for whoever clears it after that look has a fence behind the clearing, and
    /// sees then what the caller has written before his.
    #[inline]
    pub(in crate::assign) fn set(&self, bit: usize) {
        if !self.has(bit) {
            self.leaves.at(bit / LEAF).raise(1 << (bit % LEAF));
        }
        self.raise(bit / LEAF);
    }

    /// Sets a bit and those above it, all by writes: whoever takes the top with
    /// [`Words`] swaps finds it, whatever stopped others half-way.
    pub(in crate::assign) fn signal(&self, bit: usize) {
        let late = wrong(Mutant::SummaryBeforeLeaf);
        let leaf = || self.leaves.at(bit / LEAF).raise(1 << (bit % LEAF));
        if !late {
            leaf();
        }
        let mut word = bit / LEAF;
        for level in &self.summaries {
            level.at(word / SUMMARY).raise(1 << (word % SUMMARY));
            word /= SUMMARY;
        }
        if late {
            leaf();
        }
    }

    /// Clears a bit; whether a summary had to be repaired.
    #[inline]
    pub(in crate::assign) fn clear(&self, bit: usize) -> bool {
        let mut word = bit / LEAF;
        let mask = 1 << (bit % LEAF);
        if self.leaves.at(word).lower(mask) & !mask != 0 {
            return false;
        }
        let mut below = &self.leaves;
        for level in &self.summaries {
            let (at, mask) = (word / SUMMARY, 1 << (word % SUMMARY));
            let left = level.at(at).lower(mask) & !mask;
            full_fence();
            if !wrong(Mutant::SummaryWithoutLook) && below.at(word).get() != 0 {
                if wrong(Mutant::RepairOneLevel) {
                    level.at(at).raise(mask);
                } else {
                    self.raise(bit / LEAF);
                }
                return true;
            }
            if left != 0 {
                return false;
            }
            (below, word) = (level, at);
        }
        false
    }

    /// Whether no bit is set; said of a set whose last bit is being cleared, too, and not of one
    /// whose last bit was cleared while another was set.
    #[inline]
    pub(in crate::assign::lockfree) fn is_empty(&self) -> bool {
        let top = self.summaries.last().unwrap_or(&self.leaves);
        top.iter().all(|word| word.get() == 0)
    }

    /// The first set bit from `from` on.
    #[inline]
    pub(in crate::assign) fn next(&self, from: usize) -> Option<usize> {
        let word = from / LEAF;
        if word >= self.leaves.len() {
            return None;
        }
        match self.leaves.at(word).get() >> (from % LEAF) {
            0 => self.next_behind(word),
            left => Some(from + left.trailing_zeros() as usize),
        }
    }

    /// The first set bit in a leaf behind `word`: up while nothing is left in the words passed, down
    /// to the first word that has something. A summary that is set above an empty word is passed by.
    fn next_behind(&self, word: usize) -> Option<usize> {
        let flat = self.summaries.is_empty();
        let (mut level, mut at) = if flat { (0, (word + 1) * LEAF) } else { (1, word + 1) };
        loop {
            let bits = if level == 0 { LEAF } else { SUMMARY };
            let (words, word) = (self.level(level), at / bits);
            if word >= words.len() {
                return None;
            }
            let left = words.at(word).get() >> (at % bits);
            if left != 0 {
                at += left.trailing_zeros() as usize;
                match level {
                    0 => return Some(at),
                    1 => at *= LEAF,
                    _ => at *= SUMMARY,
                }
                level -= 1;
            } else if level < self.summaries.len() {
                at = word + 1;
                level += 1;
            } else {
                at = (word + 1) * bits;
            }
        }
    }

    /// The first set bit from `from` on, below `until`.
    #[inline]
    pub(in crate::assign::lockfree) fn next_until(
        &self,
        from: usize,
        until: usize,
    ) -> Option<usize> {
        self.next(from).filter(|bit| *bit < until)
    }

    /// The set bits, in order, each looked for when it is asked for.
    pub(in crate::assign::lockfree) fn iter(&self) -> impl Iterator<Item = usize> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let bit = self.next(from)?;
            from = bit + 1;
            Some(bit)
        })
    }

    /// Takes a whole word of a level, 0 at the bottom, leaving 0.
    pub(in crate::assign::lockfree) fn take(&self, level: usize, word: usize) -> u64 {
        let word = self.level(level).at(word);
        if word.get() == 0 { 0 } else { word.swap(0) }
    }

    pub(in crate::assign::lockfree) fn words_of(&self, level: usize) -> usize {
        self.level(level).len()
    }

    pub(in crate::assign::lockfree) fn heights(&self) -> usize {
        1 + self.summaries.len()
    }

    /// Sets the summaries above a leaf that are missing. Each is looked at: one that is set says
    /// nothing of those above it, whose setter may have stopped.
    #[inline]
    fn raise(&self, mut word: usize) {
        for level in &self.summaries {
            if !wrong(Mutant::SummaryWithoutFence) {
                full_fence();
            }
            let (summary, mask) = (level.at(word / SUMMARY), 1 << (word % SUMMARY));
            if summary.get() & mask == 0 {
                summary.raise(mask);
            } else if wrong(Mutant::RaiseStopsAtSet) {
                return;
            }
            word /= SUMMARY;
        }
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "a level that exists")]
    fn level(&self, level: usize) -> &Words {
        match level.checked_sub(1) {
            Some(above) => &self.summaries[above],
            None => &self.leaves,
        }
    }
}

#[cfg(all(test, not(chasqui_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bit_whose_summary_is_missing_is_not_found() {
        let map = Bitmap::new(20_000);
        map.set(7_000);
        map.level(1).at(7_000 / LEAF / SUMMARY).set(0);
        assert!(map.has(7_000) && !map.finds(7_000));
        map.set(7_000);
        assert!(map.finds(7_000));
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_bits_that_were_set(
            steps in prop::collection::vec((any::<bool>(), 0_usize..20_000), 1..200),
            from in 0_usize..20_000,
        ) {
            let (map, mut set) = (Bitmap::new(20_000), BTreeSet::new());
            for (on, bit) in steps {
                if on {
                    map.set(bit);
                    set.insert(bit);
                } else {
                    assert!(!map.clear(bit));
                    set.remove(&bit);
                }
                assert_eq!(map.next(from), set.range(from..).next().copied());
                assert_eq!(map.finds(bit), on);
            }
            assert_eq!(map.iter().collect::<BTreeSet<_>>(), set);
        }
    }
}
