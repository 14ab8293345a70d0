/// The word of a waiting slot.
///
/// `state:2`, then while free or waiting `use:22 | line:40`, and while assigned `use:18 |
/// charge:8 | agent:20 | gen:16`. The use count is bumped whenever the slot begins to wait, so a
/// thread that saw an earlier use cannot take the seat of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign) struct SlotWord(pub(in crate::assign) u64);

/// What a slot's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign) enum State {
    Free,
    Waiting { line: LineId },
    Assigned(Assigned),
}

/// A seat on its way: the word is its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign) struct Assigned {
    pub(in crate::assign) agent: u32,
    /// The agent's generation when the seat was taken.
    pub(in crate::assign) generation: u16,
    pub(in crate::assign) charge: u8,
}

/// A line by number: agents' own lines first, then those of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::assign) struct LineId(pub(in crate::assign) u32);

const WAITING: u64 = 1 << 62;
const ASSIGNED: u64 = 2 << 62;
const USE_BITS: u32 = 22;
const USE_BITS_ASSIGNED: u32 = 18;

impl SlotWord {
    #[inline]
    pub(in crate::assign) const fn free(uses: u32) -> Self {
        Self((uses as u64) << 40)
    }

    #[inline]
    pub(in crate::assign) const fn waiting(uses: u32, line: LineId) -> Self {
        Self(WAITING | (uses as u64) << 40 | line.0 as u64)
    }

    /// The same use of the slot, assigned.
    #[inline]
    pub(in crate::assign) const fn assigned(self, to: Assigned) -> Self {
        let uses = self.uses() as u64 & mask(USE_BITS_ASSIGNED);
        let agent = (to.agent as u64 & mask(20)) << 16;
        Self(ASSIGNED | uses << 44 | (to.charge as u64) << 36 | agent | to.generation as u64)
    }

    #[inline]
    pub(in crate::assign) const fn state(self) -> State {
        match self.0 >> 62 {
            1 => State::Waiting { line: LineId((self.0 & mask(40)) as u32) },
            2 => State::Assigned(Assigned {
                agent: (self.0 >> 16 & mask(20)) as u32,
                generation: self.0 as u16,
                charge: (self.0 >> 36) as u8,
            }),
            _ => State::Free,
        }
    }

    /// Whether it is waiting or assigned in this use.
    #[inline]
    pub(in crate::assign) const fn lives(self, uses: u32) -> bool {
        match self.0 >> 62 {
            1 => self.uses() == uses,
            2 => self.0 >> 44 & mask(USE_BITS_ASSIGNED) == uses as u64 & mask(USE_BITS_ASSIGNED),
            _ => false,
        }
    }

    /// The use count; whole unless assigned.
    #[inline]
    pub(in crate::assign) const fn uses(self) -> u32 {
        (self.0 >> 40 & mask(USE_BITS)) as u32
    }

    /// The next use count.
    #[inline]
    pub(in crate::assign) const fn next(uses: u32) -> u32 {
        uses.wrapping_add(1) & mask(USE_BITS) as u32
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_was_put_in() {
        let waiting = SlotWord::waiting(0x3f_fffe, LineId(7));
        assert_eq!(waiting.state(), State::Waiting { line: LineId(7) });
        let to = Assigned { agent: 0xf_fffe, generation: 0xfffe, charge: 0xfe };
        let assigned = waiting.assigned(to);
        assert_eq!(assigned.state(), State::Assigned(to));
        assert_eq!(SlotWord(0).state(), State::Free);
        let next = SlotWord::next(waiting.uses());
        assert_eq!((next, SlotWord::next(next)), (0x3f_ffff, 0));
        assert_eq!(SlotWord::free(next).uses(), next);
    }

    #[test]
    fn a_use_lives_until_it_is_free_or_used_again() {
        let waiting = SlotWord::waiting(5, LineId(1));
        let to = Assigned { agent: 1, generation: 2, charge: 3 };
        assert!(waiting.lives(5) && waiting.assigned(to).lives(5));
        assert!(!waiting.lives(6) && !waiting.assigned(to).lives(6));
        assert!(!SlotWord::free(5).lives(5));
    }
}
