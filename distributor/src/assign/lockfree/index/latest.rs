use model::people::Policy;

use crate::assign::shim::{Alone, Word64};

/// Who came free last, in groups that look for the highest rank or the least score: there it is
/// nearly always he who comes next, and one write in place of another is less than to set a bit and
/// all that is missing above it, and soon to clear them again.
///
/// He is shown here and by no bit. Who comes free later takes his place: he shows him by his bit
/// first, if he is eligible, and looks at him again afterwards, for who finds himself here writes
/// nothing. Somebody who stays here though he is full is gone past at the cost of one look. A search
/// looks here before it looks at the bits: so whoever is moved meanwhile is found in one of the two.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Latest(Alone<Word64>);

/// What stood there: a position + 1, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Stood(u64);

impl Latest {
    pub(in crate::assign::lockfree) fn new() -> Self {
        Self(Alone(Word64::new(0)))
    }

    /// Whether groups of a policy use it. Where turns or draws decide, the last one free is as good
    /// as any other. Models leave least-count to its bits, to see both ways of a ring.
    #[inline]
    pub(in crate::assign::lockfree) const fn is_used(policy: Policy) -> bool {
        match policy {
            Policy::AgentPriority | Policy::LeastTime => true,
            Policy::LeastCount => !cfg!(chasqui_loom),
            Policy::Circular | Policy::Random => false,
        }
    }

    #[inline]
    pub(in crate::assign::lockfree) fn get(&self) -> Stood {
        Stood(self.0.0.get())
    }

    /// Puts a position in the place of what stood there; false when it was taken meanwhile.
    #[inline]
    pub(in crate::assign::lockfree) fn put(&self, stood: Stood, position: usize) -> bool {
        self.0.0.change(stood.0, position as u64 + 1).is_ok()
    }
}

impl Stood {
    #[inline]
    pub(in crate::assign::lockfree) fn position(self) -> Option<usize> {
        Some(self.0.checked_sub(1)? as usize)
    }
}
