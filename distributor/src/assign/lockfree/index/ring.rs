use super::{Bitmap, Found, LEAF, Measure};
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Alone, Figure, Mutant, Word64, full_fence, wrong};

/// Positions by key, each in the bucket of his key: the first bucket that is not empty has the
/// least.
///
/// There are [`Ring::BUCKETS`] of them, and the ring begins with a key, `low`. A bucket stands for
/// the one key from `low` on, and below `low + BUCKETS`, that is congruent to it; the last for all
/// greater ones too. What is below `low` is kept apart, in `under`.
///
/// **A bit is a lower bound**: it says that its agent's key is at least the one its bucket stands
/// for. So neither a reservation nor a release that raises the key writes anything; who finds the
/// bit moves it. Somebody whose key fell is shown again, and has two bits.
///
/// **Who is found** does not depend on keys. A search looks at `under`, then goes round once from
/// `low`. A bit is cleared because its agent is not eligible, or after he was shown further on in
/// that same round; who clears looks at him again. So a search that comes by too early for one bit
/// comes by in time for the other, provided both meant the same round: a search that found nobody
/// looks whether `low` is still the one it began with, stamp included.
///
/// **How exact** the least is depends on `low`. Who shows an agent looks at `low` again, and who
/// moved it up looks again at the buckets passed over: one of the two sees the other, and puts the
/// agent where he belongs now. A bit left behind there is harmless. Moving `low` down keeps every
/// bit a lower bound: the same bucket stands for a lower key.
///
/// **Cost.** A bit that is found leads to a seat, is cleared or is moved, and its agent's steps
/// made it: a search pays for steps taken before. The exception is a few with keys far below all
/// others. When they become full, `low` goes to the others and all of these are moved; when many
/// of the few come back, `low` goes back. So it does for a 64th of the group at least, and one
/// search in so many pays for the whole group.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Ring {
    by: Measure,
    /// Bits of a bucket.
    width: usize,
    /// 2⁶⁴ / `width`, rounded up: the high half of a bit's number times this is its bucket.
    inverse: u64,
    /// Bucket after bucket: the summaries of all say which are empty.
    bits: Bitmap,
    under: Bitmap,
    low: Alone<Word64>,
    /// The bit behind the one last taken: in its bucket searches go on from there, so that
    /// equals take turns.
    from: Alone<Figure>,
}

/// The key a ring begins with, and how often it moved: `stamp:32 | key:32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Low(u64);

impl Low {
    pub(in crate::assign::lockfree) const fn key(self) -> u64 {
        self.0 & 0xffff_ffff
    }

    const fn moved_to(self, key: u64) -> Self {
        Self(((self.0 >> 32) + 1) << 32 | key)
    }
}

impl Ring {
    const BUCKETS: u64 = if cfg!(chasqui_loom) { 2 } else { 256 };

    pub(super) fn new(by: Measure, positions: usize) -> Self {
        let width = positions.next_multiple_of(LEAF).max(LEAF);
        Self {
            by,
            width,
            inverse: u64::MAX / width as u64 + 1,
            bits: Bitmap::new(width * Self::BUCKETS as usize),
            under: Bitmap::new(positions),
            low: Alone(Word64::new(0)),
            from: Alone(Figure::default()),
        }
    }

    /// The key a search goes by.
    #[inline]
    pub(in crate::assign::lockfree) fn key(&self, word: Word) -> u64 {
        self.by.of(word)
    }

    /// Comes before a search.
    #[inline]
    pub(in crate::assign::lockfree) fn low(&self) -> Low {
        let low = Low(self.low.0.get());
        full_fence();
        low
    }

    /// Shows an agent by his word, and looks again whether the ring still begins where it did.
    #[inline]
    pub(in crate::assign::lockfree) fn show(&self, position: usize, word: Word) {
        let mut low = Low(self.low.0.get());
        loop {
            let bit = self.place(position, word, low);
            self.set(bit);
            full_fence();
            low = Low(self.low.0.get());
            if self.place(position, word, low) == bit || wrong(Mutant::PlaceWithoutLook) {
                return;
            }
        }
    }

    /// Whether an agent is shown where his word belongs.
    pub(super) fn has(&self, position: usize, word: Word) -> bool {
        let bit = self.place(position, word, self.low());
        match bit.checked_sub(self.bits.bits()) {
            None => self.bits.has(bit),
            Some(under) => self.under.has(under),
        }
    }

    #[inline]
    pub(in crate::assign::lockfree) fn hide(&self, found: Found) -> bool {
        match found.bit.checked_sub(self.bits.bits()) {
            None => self.bits.clear(found.bit),
            Some(under) => self.under.clear(under),
        }
    }

    /// Whether nobody is shown below `low`.
    #[inline]
    pub(in crate::assign::lockfree) fn is_none_under(&self) -> bool {
        self.under.is_empty()
    }

    /// Those shown below `low`.
    pub(in crate::assign::lockfree) fn under(&self) -> impl Iterator<Item = Found> {
        let first = self.bits.bits();
        self.under.iter().map(move |position| Found { position, bit: first + position })
    }

    /// Somebody of the first bucket that is not empty, and the key it stands for.
    #[inline]
    pub(in crate::assign::lockfree) fn first(&self, low: Low) -> Option<(Found, u64)> {
        let start = Self::bucket(low.key()) as usize * self.width;
        let first = self.bits.next(start).or_else(|| self.bits.next_until(0, start))?;
        let bucket = self.bucket_of(first);
        let (begin, end) = (bucket * self.width, (bucket + 1) * self.width);
        let from = self.from.0.get() as usize;
        let behind = (first..end).contains(&from).then(|| self.bits.next_until(from, end));
        let bit = behind.flatten().unwrap_or(first);
        Some((Found { position: bit - begin, bit }, Self::stands_for(bucket as u64, low)))
    }

    /// The next search for a seat among equals goes on behind this one.
    #[inline]
    pub(in crate::assign::lockfree) fn go_on(&self, taken: Found) {
        self.from.0.set(taken.bit as u64 + 1);
    }

    /// Whether a key is so far from `low` that `low` is to be moved up. The last bucket always is:
    /// its bits could not be moved on otherwise.
    #[inline]
    pub(in crate::assign::lockfree) fn is_far(low: Low, key: u64) -> bool {
        key - low.key() >= Self::BUCKETS / 2
    }

    /// The least key there may be when nobody stands before a bucket, which stands for `key`. In
    /// the last bucket are all who are far: `low` goes where the least of them is, however far.
    pub(in crate::assign::lockfree) fn least_from(
        &self,
        low: Low,
        (first, key): (Found, u64),
        word: impl Fn(usize) -> Option<Word>,
    ) -> u64 {
        if key < low.key() + Self::BUCKETS - 1 {
            return key;
        }
        let begin = first.bit - first.position;
        let mut from = begin;
        let bits = std::iter::from_fn(|| {
            let bit = self.bits.next_until(from, begin + self.width)?;
            from = bit + 1;
            Some(bit)
        });
        let words = bits.filter_map(|bit| word(bit - begin)).filter(|word| word.eligible());
        words.map(|word| self.key(word)).min().map_or(key, |least| least.max(key))
    }

    /// Whether so many below `low` are too many to look through each time.
    pub(in crate::assign::lockfree) fn is_crowd(&self, under: usize) -> bool {
        under > (self.width / 64).max(if cfg!(chasqui_loom) { 1 } else { 32 })
    }

    /// Moves `low` down.
    pub(in crate::assign::lockfree) fn begin_below(&self, low: Low, key: u64) {
        // Lost to another one who moved it: the search begins anew there.
        let _ = self.low.0.change(low.0, low.moved_to(key).0);
    }

    /// Moves `low` up towards a key below which nobody was found, and shows again who stands in
    /// the buckets passed over. A part of the ring stays below the key: who comes back from a seat
    /// is often a little behind.
    pub(in crate::assign::lockfree) fn begin_at(
        &self,
        low: Low,
        key: u64,
        word: impl Fn(usize) -> Option<Word>,
    ) {
        let to = key.saturating_sub(Self::BUCKETS / 4);
        if to <= low.key() || self.low.0.change(low.0, low.moved_to(to).0).is_err() {
            return;
        }
        full_fence();
        if wrong(Mutant::RaiseWithoutLook) {
            return;
        }
        let passed = (to - low.key()).min(Self::BUCKETS) as usize;
        let first = Self::bucket(low.key()) as usize;
        let round = Self::BUCKETS as usize;
        self.show_again(first..(first + passed).min(round), &word);
        self.show_again(0..(first + passed).saturating_sub(round), &word);
    }

    fn show_again(&self, buckets: std::ops::Range<usize>, word: impl Fn(usize) -> Option<Word>) {
        let (mut from, end) = (buckets.start * self.width, buckets.end * self.width);
        while let Some(bit) = self.bits.next_until(from, end) {
            let position = bit % self.width;
            if let Some(word) = word(position).filter(|word| word.eligible()) {
                self.show(position, word);
            }
            from = bit + 1;
        }
    }

    /// Where an agent belongs: the bits of `under` are numbered after those of the buckets.
    #[inline]
    fn place(&self, position: usize, word: Word, low: Low) -> usize {
        let (key, low) = (self.key(word), low.key());
        if key < low {
            return self.bits.bits() + position;
        }
        Self::bucket(key.min(low + Self::BUCKETS - 1)) as usize * self.width + position
    }

    #[inline]
    fn set(&self, bit: usize) {
        match bit.checked_sub(self.bits.bits()) {
            None => self.bits.set(bit),
            Some(under) => self.under.set(under),
        }
    }

    #[inline]
    const fn bucket_of(&self, bit: usize) -> usize {
        ((bit as u128 * self.inverse as u128) >> 64) as usize
    }

    /// The key a bucket stands for.
    #[inline]
    const fn stands_for(bucket: u64, low: Low) -> u64 {
        low.key() + Self::bucket(bucket.wrapping_sub(low.key()))
    }

    #[inline]
    const fn bucket(key: u64) -> u64 {
        key % Self::BUCKETS
    }

    pub(super) fn finds(&self, position: usize) -> bool {
        let mut firsts = (0..Self::BUCKETS as usize).map(|bucket| bucket * self.width);
        firsts.any(|first| self.bits.finds(first + position)) || self.under.finds(position)
    }

    pub(super) fn each_found(&self, call: impl FnMut(usize)) {
        let shown = self.bits.iter().map(|bit| bit - self.bucket_of(bit) * self.width);
        shown.chain(self.under.iter()).for_each(call);
    }

    /// Whether a bit of his says no more than his key.
    #[cfg(test)]
    pub(super) fn shows(&self, position: usize, word: Word) -> bool {
        let (low, key) = (self.low().key(), self.key(word));
        let shown = |key| Self::bucket(key) as usize * self.width + position;
        let mut keys = low..(key + 1).min(low + Self::BUCKETS);
        keys.any(|key| self.bits.finds(shown(key))) || self.under.finds(position)
    }
}
