//! The bits of who is eligible, and their summaries.

use super::*;
use crate::assign::lockfree::index::Bitmap;

pub(super) const MODELS: &[Model] = &[
    model(
        "last bit of a word against its first, two levels",
        &[Mutant::SummaryWithoutLook, Mutant::SummaryWithoutFence],
        last_against_first,
    ),
    model(
        "two words emptied, one of them set again, three levels",
        &[Mutant::RepairOneLevel],
        emptied,
    ),
    model("two setters of one word, three levels", &[Mutant::RaiseStopsAtSet], setters),
];

/// A set bit that nobody clears is found in the end. A word has two bits.
fn last_against_first() {
    let bits = Arc::new(Bitmap::new(4));
    bits.set(2);
    let clearer = bits.clone();
    let clears = loom::thread::spawn(move || clearer.clear(2));
    bits.set(3);
    clears.join().unwrap();
    assert_eq!(bits.next(0), Some(3));
}

/// Who repairs a summary repairs those above it too: another may have cleared them meanwhile.
fn emptied() {
    let bits = Arc::new(Bitmap::new(8));
    bits.set(5);
    bits.set(6);
    let (one, other) = (bits.clone(), bits.clone());
    let one = loom::thread::spawn(move || one.clear(5));
    let other = loom::thread::spawn(move || other.clear(6));
    bits.set(4);
    one.join().unwrap();
    other.join().unwrap();
    assert_eq!(bits.next(0), Some(4));
}

/// Who has set a bit finds one, wherever another setter stands.
fn setters() {
    let bits = Arc::new(Bitmap::new(8));
    let other = bits.clone();
    let sets = loom::thread::spawn(move || other.set(4));
    bits.set(5);
    assert!(bits.next(0).is_some(), "a bit that was set is not found");
    sets.join().unwrap();
}
