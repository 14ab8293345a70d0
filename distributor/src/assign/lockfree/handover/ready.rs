use crate::assign::lockfree::index::{Bitmap, LEAF, SUMMARY};
use crate::assign::shim::{Alone, Figure, Mutant, Word64, full_fence, wrong};

/// What a lane is told of its hand-overs: where to look, and nothing more.
///
/// Whoever hands over puts the slot's number where none stands, by one step. Only when no place is
/// left does he set the slot's bit and all those above it: a bit that another thread left half-way
/// is not to be waited for. Numbers of slots whose hand-over has ended meanwhile are normal.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Ready {
    post: Alone<Post>,
    /// The slots for which no place was left.
    bits: Bitmap,
    /// The places looked at in this round; the owner's alone.
    looked_at: Figure,
    /// By level: the word taken, and the bits of it that are left. The owner's alone.
    taken: Box<[(Figure, Figure)]>,
    /// Whether the bell was rung: what models see of it.
    #[cfg(chasqui_loom)]
    pub(super) rung: Word64,
}

/// What every hand-over to a lane writes.
#[derive(Debug)]
struct Post {
    /// Numbers of slots + 1; 0 where there is none.
    places: [Word64; PLACES],
    /// How often the lane asked to be rung, times 2; odd when it has been rung since: it will look.
    asked: Word64,
}

/// As many as fill a cache line beside `asked`; models have one, so that the bits are used.
const PLACES: usize = if cfg!(chasqui_loom) { 1 } else { 7 };

impl Ready {
    pub(in crate::assign::lockfree) fn new(slots: usize) -> Self {
        let bits = Bitmap::new(slots);
        let taken = (0..bits.heights()).map(|_| (Figure::new(u64::MAX), Figure::new(0))).collect();
        let places = [(); PLACES].map(|()| Word64::new(0));
        let post = Alone(Post { places, asked: Word64::new(0) });
        Self {
            post,
            bits,
            looked_at: Figure::new(0),
            taken,
            #[cfg(chasqui_loom)]
            rung: Word64::new(0),
        }
    }

    /// Any thread: a slot may have been assigned.
    #[inline]
    pub(super) fn signal(&self, slot: u32) {
        for place in &self.post.0.places {
            if place.get() == 0 && place.change(0, u64::from(slot) + 1).is_ok() {
                return;
            }
        }
        self.bits.signal(slot as usize);
    }

    /// Any thread, after [`Self::signal`]: rings the lane if it asked for it. Either this finds that
    /// it did, or the lane has yet to begin the round in which it finds the signal. Who is stopped
    /// before he noted that he rang leaves it to the next to ring once more.
    #[inline]
    pub(super) fn ring(&self, bell: impl FnOnce()) {
        full_fence();
        let seen = self.post.0.asked.get();
        if seen & 1 == 0 {
            bell();
            #[cfg(chasqui_loom)]
            self.rung.swap(1);
            self.post.0.asked.change(seen, seen | 1).ok();
        }
    }

    /// Owner, after a whole round found none: asks to be rung by whoever hands over from now on. It
    /// has one more round to look before it rests. It asks anew though nobody may have answered the
    /// last time: who rang may not have noted it yet, and would note it of this time.
    pub(super) fn ask(&self) {
        let seen = self.post.0.asked.get();
        if seen & 1 == 0 && wrong(Mutant::AskOnce) {
            return;
        }
        self.post.0.asked.swap((seen | 1) + 1);
        if !wrong(Mutant::RestWithoutFence) {
            full_fence();
        }
    }

    /// Owner: whether the next call of [`Self::next`] begins a round.
    pub(super) fn begins(&self) -> bool {
        self.looked_at.get() == 0
    }

    /// Owner: the next slot to look at; `None` ends a round. Every place is looked at once in a
    /// round, so the bits have their turn however much is put there.
    pub(super) fn next(&self) -> Option<u32> {
        let before = self.looked_at.get() as usize;
        for (at, place) in self.post.0.places.iter().enumerate().skip(before) {
            let number = place.get();
            if number != 0 {
                place.put(0);
                self.looked_at.set(at as u64 + 1);
                return Some((number - 1) as u32);
            }
        }
        self.looked_at.set(PLACES as u64);
        let found = self.next_bit();
        if found.is_none() {
            self.looked_at.set(0);
        }
        found
    }

    /// The next slot of a bit. A word is taken whole before its slots are looked at.
    fn next_bit(&self) -> Option<u32> {
        if wrong(Mutant::LookBeforeClear) {
            return self.next_bit_left_set();
        }
        let mut level = 0_usize;
        loop {
            let (word, left) = self.taken.get(level)?;
            let bits = left.get();
            if bits != 0 {
                left.set(bits & (bits - 1));
                let width = if level == 0 { LEAF } else { SUMMARY } as u64;
                let number = word.get() * width + u64::from(bits.trailing_zeros());
                let Some(below) = level.checked_sub(1) else { return u32::try_from(number).ok() };
                self.take(below, number);
                level = below;
            } else if level + 1 < self.taken.len() {
                level += 1;
            } else if !self.take_top(level, word.get()) {
                return None;
            }
        }
    }

    /// The next bit, which is cleared when the one after it is asked for.
    #[cold]
    fn next_bit_left_set(&self) -> Option<u32> {
        let (_, looked_at) = self.taken.first()?;
        if let Some(bit) = looked_at.get().checked_sub(1) {
            self.bits.clear(bit as usize);
        }
        let bit = self.bits.next(0);
        looked_at.set(bit.map_or(0, |bit| bit as u64 + 1));
        u32::try_from(bit?).ok()
    }

    /// Takes the next word of the top level; false after the last, and the next call begins anew.
    fn take_top(&self, level: usize, last: u64) -> bool {
        let words = self.bits.words_of(level) as u64;
        let first = if self.begun(level) { last + 1 } else { 0 };
        for word in first..words {
            if self.take(level, word) {
                return true;
            }
        }
        if let Some((word, _)) = self.taken.get(level) {
            word.set(u64::MAX);
        }
        false
    }

    fn begun(&self, level: usize) -> bool {
        self.taken.get(level).is_some_and(|(word, _)| word.get() != u64::MAX)
    }

    fn take(&self, level: usize, number: u64) -> bool {
        let taken = self.bits.take(level, number as usize);
        if let Some((word, left)) = self.taken.get(level) {
            word.set(number);
            left.set(taken);
        }
        taken != 0
    }
}
