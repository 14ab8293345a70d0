//! How much one read returns.

use crate::port::Logged;

/// At least one record if there is any, then no more than so many bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: usize,
    any: bool,
}

impl Budget {
    /// A read of at most `bytes`.
    pub(super) const fn new(bytes: usize) -> Self {
        Self { left: bytes, any: false }
    }

    /// Whether `logged` still fits; counts it if so. An empty record counts as one byte, so that
    /// a read is bounded whatever it finds.
    pub(super) fn takes(&mut self, logged: &Logged) -> bool {
        let bytes = logged.bytes.len().max(1);
        if self.any && bytes > self.left {
            self.left = 0;
            return false;
        }
        self.any = true;
        self.left = self.left.saturating_sub(bytes);
        true
    }

    /// Whether nothing more fits.
    pub(super) const fn is_spent(&self) -> bool {
        self.any && self.left == 0
    }
}
