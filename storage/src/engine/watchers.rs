//! The bells of one partition.

use std::sync::{Arc, Weak};

use crate::port::Bell;

/// Who is told when a partition grows. Dropped bells are forgotten at the next ring.
#[derive(Debug, Default)]
pub(super) struct Watchers(Vec<Weak<Bell>>);

impl Watchers {
    /// Tells `bell` from now on.
    pub(super) fn add(&mut self, bell: &Arc<Bell>) {
        self.0.push(Arc::downgrade(bell));
    }

    /// Tells everybody.
    pub(super) fn ring(&mut self) {
        self.0.retain(|bell| bell.upgrade().map(|bell| bell.ring()).is_some());
    }
}
