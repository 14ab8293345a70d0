use std::collections::{BTreeSet, VecDeque};

use model::limit;
use parking_lot::Mutex;
use storage::port::{Offset, Partition};

/// Where an input stands.
pub(crate) type InputPlace = (Partition, Offset);

/// The inputs whose handling panicked, and how often. It outlives the owner that a panic ended, so
/// that one input cannot end every owner after it; it does not outlive the process.
#[derive(Debug, Default)]
pub struct Suspects {
    /// Oldest first, at most [`limit::SUSPECT_INPUTS`].
    panics: Mutex<VecDeque<(InputPlace, u32)>>,
}

/// An input that is being handled: a panic meanwhile is counted against it.
pub(crate) struct InHand<'a> {
    suspects: &'a Suspects,
    place: InputPlace,
}

impl Suspects {
    /// The input at `place` is being handled until the answer is dropped.
    pub(crate) const fn take_up(&self, place: InputPlace) -> InHand<'_> {
        InHand { suspects: self, place }
    }

    /// The inputs that are not to be decided any more.
    pub(crate) fn poison(&self) -> BTreeSet<InputPlace> {
        let panics = self.panics.lock();
        let poison = panics.iter().filter(|(_, times)| *times >= limit::PANICS_PER_INPUT);
        poison.map(|(place, _)| *place).collect()
    }

    fn count(&self, place: InputPlace) {
        let mut panics = self.panics.lock();
        if let Some((_, times)) = panics.iter_mut().find(|(known, _)| *known == place) {
            *times += 1;
            return;
        }
        if panics.len() == limit::SUSPECT_INPUTS {
            panics.pop_front();
        }
        panics.push_back((place, 1));
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.suspects.count(self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use storage::port::Topic;

    fn place(offset: Offset) -> InputPlace {
        (Partition::new(Topic::Inbound, 0), offset)
    }

    fn panic_over(suspects: &Suspects, offset: Offset) {
        let handle = || {
            let _in_hand = suspects.take_up(place(offset));
            panic!("a test");
        };
        assert!(catch_unwind(AssertUnwindSafe(handle)).is_err());
    }

    #[test]
    fn the_third_panic_over_an_input_convicts_it() {
        let suspects = Suspects::default();
        for offset in [7, 8, 7, 7] {
            assert!(suspects.poison().is_empty());
            drop(suspects.take_up(place(9)));
            panic_over(&suspects, offset);
        }
        assert_eq!(suspects.poison(), BTreeSet::from([place(7)]));
    }

    #[test]
    fn only_so_many_inputs_are_suspected() {
        let suspects = Suspects::default();
        for offset in 0..2 * limit::SUSPECT_INPUTS as Offset {
            panic_over(&suspects, offset);
        }
        assert_eq!(suspects.panics.lock().len(), limit::SUSPECT_INPUTS);
    }
}
