//! What the readers of one partition have let go of.

use std::collections::BTreeMap;

use crate::port::{Offset, Reader, Topic};

/// How far each reader has released a partition.
#[derive(Debug, Default)]
pub(super) struct Released(BTreeMap<Reader, Offset>);

impl Released {
    /// `reader` needs nothing below `offset`.
    pub(super) fn set(&mut self, reader: Reader, offset: Offset) {
        self.0.insert(reader, offset);
    }

    /// Below this nobody needs anything: 0 while a reader of `topic` was not heard.
    pub(super) fn floor(&self, topic: Topic) -> Offset {
        let released = topic.readers().iter().map(|reader| self.0.get(reader).copied());
        released.map(Option::unwrap_or_default).min().unwrap_or_default()
    }
}
