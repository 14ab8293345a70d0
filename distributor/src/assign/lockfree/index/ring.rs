use super::{Bitmap, Found, Measure};
use crate::assign::lockfree::word::Word;

/// Positions by score. The least is found by looking at each.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Ring {
    by: Measure,
    bits: Bitmap,
}

impl Ring {
    pub(super) fn new(by: Measure, positions: usize) -> Self {
        Self { by, bits: Bitmap::new(positions) }
    }

    /// The key a search goes by.
    #[inline]
    pub(in crate::assign::lockfree) fn key(&self, word: Word) -> u64 {
        self.by.of(word)
    }

    #[inline]
    pub(super) fn show(&self, position: usize, _: Word) {
        self.bits.set(position);
    }

    #[inline]
    pub(super) fn hide(&self, found: Found) -> bool {
        self.bits.clear(found.bit)
    }

    /// Everybody shown.
    pub(in crate::assign::lockfree) fn iter(&self) -> impl Iterator<Item = Found> {
        self.bits.iter().map(Found::flat)
    }

    pub(super) fn finds(&self, position: usize) -> bool {
        self.bits.finds(position)
    }

    pub(super) fn each_found(&self, call: impl FnMut(usize)) {
        self.bits.iter().for_each(call);
    }

    #[cfg(all(test, chasqui_loom))]
    pub(super) fn shows(&self, position: usize) -> bool {
        self.bits.iter().any(|shown| shown == position)
    }
}
