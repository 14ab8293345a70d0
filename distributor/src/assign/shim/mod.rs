//! The only place that names atomics: what the lock-free core is made of.
//!
//! **Orders.** Every access of a [`Word64`] is an acquire load, a release store, or an
//! acquire-release read-modify-write. Where a write must come before a load of *another* word
//! (StoreLoad), the code says [`full_fence`]. Under `cfg(chasqui_loom)` exactly that runs, and the
//! models prove it. In production the same accesses are all `SeqCst` and the fence is nothing: in
//! the one order of all `SeqCst` accesses, the write and the load of each side stand as in the
//! program, so of two sides that each write and then look at the other's word one sees the other.
//! On x86-64 this costs nothing more for loads and read-modify-writes.
//!
//! Accesses that no fence stands beside use [`Word64::put`], a plain release store. So do the two
//! that take a slot out of its list, the link around it and the word that makes it free, though
//! others read these across a fence: what the same owner writes next and others look for, the link of
//! whoever begins to wait, is `SeqCst`, and no machine Rust compiles for lets a release store pass it.

mod published;
mod mutant;
#[cfg(all(test, not(chasqui_loom)))]
pub(super) mod parking;
#[cfg(all(test, not(chasqui_loom)))]
pub(super) mod turn;
#[cfg(chasqui_loom)]
mod patience;

use std::sync::atomic::{AtomicU32, AtomicU64 as PlainU64, Ordering as PlainOrdering};

#[cfg(chasqui_loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(chasqui_loom))]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(chasqui_loom))]
mod order {
    use super::Ordering;

    pub(super) const LOAD: Ordering = Ordering::SeqCst;
    pub(super) const STORE: Ordering = Ordering::SeqCst;
    pub(super) const CHANGE: Ordering = Ordering::SeqCst;
}

#[cfg(chasqui_loom)]
mod order {
    use super::Ordering;

    pub(super) const LOAD: Ordering = Ordering::Acquire;
    pub(super) const STORE: Ordering = Ordering::Release;
    pub(super) const CHANGE: Ordering = Ordering::AcqRel;
}

#[cfg(test)]
pub(super) use mutant::set as set_wrong;
pub(super) use mutant::{Mutant, wrong};
use order::{CHANGE, LOAD, STORE};
#[cfg(all(test, chasqui_loom))]
pub(super) use patience::begin;
pub(super) use published::{Edition, Kept, Published, Reader};

/// A 64-bit word that threads share.
#[derive(Debug)]
pub(super) struct Word64(AtomicU64);

impl Word64 {
    pub(super) fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    #[inline]
    pub(super) fn get(&self) -> u64 {
        visit();
        self.0.load(LOAD)
    }

    /// Stores a value that a [`full_fence`] may follow.
    #[inline]
    pub(super) fn set(&self, value: u64) {
        visit();
        self.0.store(value, STORE);
    }

    /// Stores a value that others find through another word, or need not find soon.
    #[inline]
    pub(super) fn put(&self, value: u64) {
        visit();
        self.0.store(value, Ordering::Release);
    }

    #[inline]
    pub(super) fn swap(&self, value: u64) -> u64 {
        visit();
        self.0.swap(value, CHANGE)
    }

    /// From `old` to `new`, or the value found instead.
    #[inline]
    pub(super) fn change(&self, old: u64, new: u64) -> Result<u64, u64> {
        visit();
        self.0.compare_exchange(old, new, CHANGE, LOAD)
    }

    /// Sets bits; answers with the value before.
    #[inline]
    pub(super) fn raise(&self, bits: u64) -> u64 {
        visit();
        self.0.fetch_or(bits, CHANGE)
    }

    /// Clears bits; answers with the value before.
    #[inline]
    pub(super) fn lower(&self, bits: u64) -> u64 {
        visit();
        self.0.fetch_and(!bits, CHANGE)
    }
}

/// A write before this comes before every load after it, as every other thread sees them; see the
/// module's page for what that takes in production.
#[inline]
pub(super) fn full_fence() {
    #[cfg(chasqui_loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Shared words, numbered from 0.
#[derive(Debug)]
pub(super) struct Words(Box<[Word64]>);

impl Words {
    /// So many zeros. Pages nobody touches are never backed: a zeroed vector is turned into
    /// words in place.
    pub(super) fn new(count: usize) -> Self {
        Self(vec![0_u64; count].into_iter().map(Word64::new).collect())
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "numbers come from structures of the same size")]
    pub(super) fn at(&self, number: usize) -> &Word64 {
        &self.0[number]
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them. Whoever reads several takes this first: no atomic step lets the compiler keep
    /// what it knows of the place of a boxed slice.
    #[inline]
    pub(super) fn all(&self) -> &[Word64] {
        &self.0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Word64> {
        self.0.iter()
    }
}

/// Words alone in their cache lines: what every thread of a group writes.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Alone<T>(pub(super) T);

/// Numbers that one thread at a time uses, and hands to the next by other means. No model sees
/// them.
#[derive(Debug)]
pub(super) struct Own(Box<[AtomicU32]>);

impl Own {
    pub(super) fn new(count: usize) -> Self {
        Self(vec![0_u32; count].into_iter().map(AtomicU32::new).collect())
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "numbers come from structures of the same size")]
    pub(super) fn get(&self, number: usize) -> u32 {
        self.0[number].load(PlainOrdering::Relaxed)
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "numbers come from structures of the same size")]
    pub(super) fn set(&self, number: usize, value: u32) {
        self.0[number].store(value, PlainOrdering::Relaxed);
    }

    /// Adds, wrapping; for ledgers that many threads keep and one reads at rest.
    #[cfg(debug_assertions)]
    #[expect(clippy::indexing_slicing, reason = "numbers come from structures of the same size")]
    pub(super) fn add(&self, number: usize, value: u32) {
        self.0[number].fetch_add(value, PlainOrdering::Relaxed);
    }
}

/// A figure that decides nothing two threads must agree on: draws, means, the owner's stash.
#[derive(Debug, Default)]
pub(super) struct Figure(PlainU64);

impl Figure {
    pub(super) const fn new(value: u64) -> Self {
        Self(PlainU64::new(value))
    }

    #[inline]
    pub(super) fn get(&self) -> u64 {
        self.0.load(PlainOrdering::Relaxed)
    }

    #[inline]
    pub(super) fn set(&self, value: u64) {
        self.0.store(value, PlainOrdering::Relaxed);
    }

    /// Adds, wrapping, where only one thread at a time does; answers with the value before.
    #[inline]
    pub(super) fn add_alone(&self, value: u64) -> u64 {
        let before = self.get();
        self.set(before.wrapping_add(value));
        before
    }

    /// Adds, wrapping; answers with the value before.
    #[inline]
    pub(super) fn add(&self, value: u64) -> u64 {
        self.0.fetch_add(value, PlainOrdering::Relaxed)
    }
}

/// What comes before each shared access: nothing, but for a test's thread that asked to be parked,
/// that shares its turns with others, or that is one of a model.
#[inline(always)]
pub(super) fn visit() {
    #[cfg(all(test, not(chasqui_loom)))]
    {
        parking::visit();
        turn::visit();
    }
    #[cfg(chasqui_loom)]
    patience::visit();
}

/// Whether several threads of a test are one to the system: what one keeps, all would have.
#[inline]
fn is_shared_thread() -> bool {
    #[cfg(all(test, not(chasqui_loom)))]
    return turn::is_shared();
    #[cfg(not(all(test, not(chasqui_loom))))]
    cfg!(chasqui_loom)
}
