use std::collections::HashMap;

use model::id::{ConversationId, LaneId};

use crate::assign::{Slot, Ticket};

/// A lane's waiting slots and the tickets of the seats its conversations hold. Neither is part of
/// the folded state: a restart numbers the slots anew and gets its tickets from the core.
#[derive(Debug)]
pub(crate) struct Seats {
    lane: LaneId,
    bound: u32,
    free: Vec<u32>,
    slots: Vec<Option<ConversationId>>,
    places: HashMap<ConversationId, Place>,
    held: usize,
}

#[derive(Debug)]
struct Place {
    slot: Slot,
    ticket: Option<Ticket>,
}

impl Seats {
    /// No conversation yet, and room for `bound`.
    pub(crate) fn new(lane: LaneId, bound: u32) -> Self {
        Self { lane, bound, free: Vec::new(), slots: Vec::new(), places: HashMap::new(), held: 0 }
    }

    /// Whether another conversation may be opened.
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.slots.len() < self.bound as usize
    }

    /// A slot for a conversation, its own for life; `None` when every slot is taken.
    pub(crate) fn take(&mut self, conversation: ConversationId) -> Option<Slot> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.fresh()?,
        };
        let slot = Slot { lane: self.lane, index };
        *self.slots.get_mut(index as usize)? = Some(conversation);
        let before = self.places.insert(conversation, Place { slot, ticket: None });
        assert!(before.is_none(), "C9: conversation {conversation} had a slot already");
        Some(slot)
    }

    /// A seat is held for a conversation from now on.
    pub(crate) fn hold(&mut self, conversation: ConversationId, ticket: Ticket) {
        let place = self.places.get_mut(&conversation);
        let before = place.map(|place| place.ticket.replace(ticket));
        assert!(before == Some(None), "C4: conversation {conversation} has no slot, or a seat");
        self.held += 1;
    }

    /// A conversation holds its seat no more, and goes on.
    pub(crate) fn give_up(&mut self, conversation: ConversationId) -> Option<Ticket> {
        let ticket = self.places.get_mut(&conversation)?.ticket.take()?;
        self.held -= 1;
        Some(ticket)
    }

    /// How many slots were ever given: each is of a lower index.
    pub(crate) fn slots(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// How many conversations there is room for.
    pub(crate) const fn bound(&self) -> u32 {
        self.bound
    }

    /// A conversation is over: its slot, to be put back later, and its seat. `None` if it never
    /// had a slot.
    pub(crate) fn leave(&mut self, conversation: ConversationId) -> Option<(Slot, Option<Ticket>)> {
        let place = self.places.remove(&conversation)?;
        self.held -= usize::from(place.ticket.is_some());
        if let Some(at) = self.slots.get_mut(place.slot.index as usize) {
            *at = None;
        }
        Some((place.slot, place.ticket))
    }

    /// The core is done with a slot: the next conversation may have it.
    pub(crate) fn put_back(&mut self, slot: Slot) {
        self.free.push(slot.index);
    }

    /// The conversation of a slot.
    pub(crate) fn at(&self, slot: Slot) -> Option<ConversationId> {
        *self.slots.get(slot.index as usize)?
    }

    /// The slot of an open conversation.
    pub(crate) fn slot_of(&self, conversation: ConversationId) -> Option<Slot> {
        self.places.get(&conversation).map(|place| place.slot)
    }

    /// How many conversations hold a seat.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// How many conversations hold none.
    pub(crate) fn waiting(&self) -> usize {
        self.places.len() - self.held
    }

    fn fresh(&mut self) -> Option<u32> {
        let index = u32::try_from(self.slots.len()).ok().filter(|index| *index < self.bound)?;
        self.slots.push(None);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::ShardId;

    fn conversation(counter: u64) -> ConversationId {
        ConversationId::new(ShardId::default(), LaneId::FIRST, counter).unwrap()
    }

    #[test]
    fn a_slot_is_one_conversations_until_it_is_put_back() {
        let mut seats = Seats::new(LaneId::FIRST, 2);
        let first = seats.take(conversation(1)).unwrap();
        let second = seats.take(conversation(2)).unwrap();
        assert_ne!(first, second);
        assert!(!seats.has_room() && seats.take(conversation(3)).is_none());
        assert_eq!(seats.leave(conversation(1)), Some((first, None)));
        assert_eq!(seats.at(first), None);
        assert!(!seats.has_room(), "the core is not done with the slot yet");
        seats.put_back(first);
        assert_eq!(seats.take(conversation(3)), Some(first));
        assert_eq!((seats.at(first), seats.waiting()), (Some(conversation(3)), 2));
    }
}
