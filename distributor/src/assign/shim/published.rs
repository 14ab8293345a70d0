use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as PlainU64, Ordering as PlainOrdering};
use std::thread::LocalKey;

use super::{Word64, is_shared_thread};

/// A value that is replaced as a whole: many readers, who never wait, and one writer at a time.
///
/// A thread keeps the edition it read last, so a read is one load of the edition's number as long
/// as nothing new is published. An old edition lives until every thread that kept it has read
/// again or ended.
#[derive(Debug)]
pub(in crate::assign) struct Published<T> {
    shelf: Shelf<T>,
    edition: Word64,
    /// Which of all published values this is.
    source: u64,
}

/// An edition a reader holds on to.
pub(in crate::assign) struct Reader<'a, T: Kept> {
    source: &'a Published<T>,
    /// Always there, until it is dropped or lent.
    held: Option<Arc<Edition<T>>>,
}

/// A type whose editions threads keep.
pub(in crate::assign) trait Kept: Sized + 'static {
    /// Where the calling thread keeps the edition it read last.
    fn kept() -> &'static LocalKey<Cell<Option<Arc<Edition<Self>>>>>;
}

/// A value and its number.
#[derive(Debug)]
pub(in crate::assign) struct Edition<T> {
    number: u64,
    source: u64,
    value: T,
}

impl<T: Kept> Published<T> {
    pub(in crate::assign) fn new(value: T) -> Self {
        static SOURCES: PlainU64 = PlainU64::new(0);
        let source = SOURCES.fetch_add(1, PlainOrdering::Relaxed);
        let shelf = Shelf::new(Edition { number: 0, source, value });
        Self { shelf, edition: Word64::new(0), source }
    }

    #[inline(always)]
    pub(in crate::assign) fn read(&self) -> Reader<'_, T> {
        let kept = if is_shared_thread() { None } else { T::kept().take() };
        let number = self.edition.get();
        let held = match kept {
            Some(kept) if kept.source == self.source && kept.number >= number => kept,
            other => self.fetch_instead(other, number),
        };
        Reader { source: self, held: Some(held) }
    }

    /// Replaces the value. One thread at a time.
    pub(in crate::assign) fn publish(&self, value: T) {
        let number = self.edition.get() + 1;
        self.shelf.put(Edition { number, source: self.source, value });
        self.edition.set(number);
    }

    /// Whether an edition is the one in force, or a later one whose writer has not numbered it yet:
    /// then it counts already, so nobody waits for a writer who stopped there.
    #[inline(always)]
    pub(in crate::assign) fn is_current(&self, number: u64) -> bool {
        self.edition.get() <= number
    }

    /// The edition in force, instead of one that is not.
    #[cold]
    fn fetch_instead(&self, _: Option<Arc<Edition<T>>>, number: u64) -> Arc<Edition<T>> {
        self.fetch(number)
    }

    /// The edition on the shelf. One that its writer has not numbered yet is numbered here, so that
    /// it is in force for everybody: were the writer to stop in between, some threads would go by
    /// the edition before for ever, and set and look for bits that the others do not.
    #[cold]
    fn fetch(&self, mut number: u64) -> Arc<Edition<T>> {
        let found = self.shelf.read(number);
        while number < found.number {
            match self.edition.change(number, found.number) {
                Ok(_) => break,
                Err(now) => number = now,
            }
        }
        found
    }
}

impl<T: Kept> Reader<'_, T> {
    /// The number of the edition held.
    #[inline(always)]
    pub(in crate::assign) fn number(&self) -> u64 {
        self.edition().number
    }

    /// Lends the reader to a call that is seldom made and takes its address. What is lent is moved
    /// there and back: so everywhere else the compiler may keep it in registers across the atomic
    /// steps of others, which no memory with a known address is.
    #[inline(always)]
    pub(in crate::assign) fn lend<R>(&mut self, call: impl FnOnce(&mut Self) -> R) -> R {
        let mut lent = Self { source: self.source, held: self.held.take() };
        let answer = call(&mut lent);
        self.held = lent.held.take();
        answer
    }

    /// Takes the edition in force by now.
    #[inline(always)]
    pub(in crate::assign) fn refresh(&mut self) {
        let number = self.source.edition.get();
        if number > self.edition().number {
            self.held = Some(self.source.fetch(number));
        }
    }

    #[inline(always)]
    fn edition(&self) -> &Edition<T> {
        match &self.held {
            Some(held) => held,
            None => unreachable!("a reader holds its edition until it is dropped"),
        }
    }
}

impl<T: Kept> Deref for Reader<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.edition().value
    }
}

impl<T: Kept> Drop for Reader<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(held) = self.held.take()
            && !is_shared_thread()
        {
            T::kept().set(Some(held));
        }
    }
}

/// The editions: in production the last one.
#[cfg(not(chasqui_loom))]
#[derive(Debug)]
struct Shelf<T>(arc_swap::ArcSwap<Edition<T>>);

#[cfg(not(chasqui_loom))]
impl<T> Shelf<T> {
    fn new(first: Edition<T>) -> Self {
        Self(arc_swap::ArcSwap::from_pointee(first))
    }

    /// An edition that is `number` or later.
    #[cold]
    fn read(&self, _: u64) -> Arc<Edition<T>> {
        self.0.load_full()
    }

    fn put(&self, edition: Edition<T>) {
        self.0.store(Arc::new(edition));
    }
}

/// The editions: under loom every one keeps its place, and the number is the pointer.
#[cfg(chasqui_loom)]
#[derive(Debug)]
struct Shelf<T>(parking_lot::Mutex<Vec<Arc<Edition<T>>>>);

#[cfg(chasqui_loom)]
impl<T> Shelf<T> {
    fn new(first: Edition<T>) -> Self {
        Self(parking_lot::Mutex::new(vec![Arc::new(first)]))
    }

    #[expect(clippy::indexing_slicing, reason = "a number is published after its edition")]
    fn read(&self, number: u64) -> Arc<Edition<T>> {
        self.0.lock()[usize::try_from(number).unwrap_or(usize::MAX)].clone()
    }

    fn put(&self, edition: Edition<T>) {
        self.0.lock().push(Arc::new(edition));
    }
}
