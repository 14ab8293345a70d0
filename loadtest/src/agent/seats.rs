use std::collections::HashSet;

use model::id::ConversationId;

/// An agent held more conversations than his cap allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverCap {
    /// The agent's login.
    pub agent: String,
    /// The conversation that was one too many.
    pub conversation: ConversationId,
    /// Conversations held, this one included.
    pub held: usize,
    /// The cap as it was told before the start.
    pub cap: u8,
}

/// What an agent holds, by what his own socket told him.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    cap: u8,
    held: HashSet<ConversationId>,
}

impl Seats {
    pub(super) fn new(cap: u8) -> Self {
        Self { cap, held: HashSet::new() }
    }

    /// One more; the number held, when it is above the cap.
    pub(super) fn take(&mut self, conversation: ConversationId) -> Option<usize> {
        let new = self.held.insert(conversation);
        (new && self.held.len() > usize::from(self.cap)).then_some(self.held.len())
    }

    pub(super) fn release(&mut self, conversation: ConversationId) {
        self.held.remove(&conversation);
    }

    /// After a reconnect only what the new socket's hello tells counts.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ConversationId {
        ConversationId::from_u64(number).unwrap()
    }

    #[test]
    fn one_above_the_cap_is_seen_and_a_repeat_is_not() {
        let mut seats = Seats::new(2);
        assert_eq!((seats.take(id(1)), seats.take(id(2)), seats.take(id(2))), (None, None, None));
        assert_eq!(seats.take(id(3)), Some(3));
        seats.release(id(1));
        seats.release(id(2));
        assert_eq!(seats.take(id(4)), None);
    }

    #[test]
    fn a_cap_of_zero_allows_none() {
        assert_eq!(Seats::new(0).take(id(1)), Some(1));
    }
}
