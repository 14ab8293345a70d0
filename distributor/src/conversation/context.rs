use std::sync::Arc;
use std::time::Duration;

use model::desk::{DeadReason, Event, Rejection};
use model::fold;
use model::id::{ConversationId, IdError, LaneId, MessageId, ShardId, UserId};
use model::mutant::{Mutant, wrong};
use model::people::Presence;
use model::time::Timestamp;

use crate::assign::{Assign, Slot, Ticket};

use super::{InForce, Seats};

/// Which lane of which shard decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) shard: ShardId,
    pub(crate) lane: LaneId,
}

/// What a lane's rules look at and reserve from.
pub(crate) struct Context {
    pub(crate) home: Home,
    pub(crate) state: fold::Lane,
    pub(crate) settings: Arc<InForce>,
    pub(crate) core: Arc<dyn Assign>,
    pub(crate) seats: Seats,
    /// The last arrival stamp given, in microseconds.
    pub(crate) stamp: i64,
    /// What is due once the records decided so far were handed over, in order.
    pub(crate) after: Vec<After>,
}

/// What may be done only after the record that says so was handed to the appender.
#[derive(Debug)]
pub(crate) enum After {
    /// A conversation gave a seat back and goes on.
    Release { ticket: Ticket, handled: Duration },
    /// A conversation that held a seat is over.
    Free { slot: Slot, ticket: Ticket, handled: Duration },
    /// A conversation that held none is over.
    Cancel { slot: Slot },
    /// A seat that was assigned before it was reserved: a mistake, on purpose.
    ReserveLate { conversation: ConversationId, agent: UserId },
    /// A user is available, paused or offline.
    Presence { user: UserId, presence: Presence },
}

/// Why a rule decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The wish is lawfully refused.
    Rejected(Rejection),
    /// A seat was handed to the conversation before: that is to be told first, then the input is
    /// decided anew.
    HandedOver,
}

/// An input that cannot be handled: it goes to `dead`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: DeadReason,
    pub(crate) detail: String,
}

/// The events of one record about one conversation, numbered as they are added.
pub(crate) struct Draft {
    pub(crate) conversation: ConversationId,
    pub(crate) events: Vec<Event>,
    seq: u32,
}

impl Context {
    /// The id of the next conversation of this lane.
    pub(crate) fn next_conversation(&self) -> Result<ConversationId, IdError> {
        ConversationId::new(self.home.shard, self.home.lane, self.state.next_counter)
    }

    /// Whether this lane ever opened `id`.
    pub(crate) fn opened(&self, id: ConversationId) -> bool {
        let home = Home { shard: id.shard(), lane: id.lane() };
        home == self.home && id.counter() < self.state.next_counter
    }

    /// The open conversation a command names, or why there is none.
    pub(crate) fn open(&self, id: ConversationId) -> Result<&fold::Conversation, Rejection> {
        match self.state.conversations.get(&id) {
            Some(open) => Ok(open),
            None if self.opened(id) => Err(Rejection::ConversationClosed),
            None => Err(Rejection::ConversationNotFound),
        }
    }

    /// The stamp of an arrival now: lane time in microseconds, but after every stamp before it.
    pub(crate) fn next_stamp(&mut self, at: Timestamp) -> i64 {
        self.stamp = at.as_micros().max(self.stamp.saturating_add(1));
        self.stamp
    }

    /// Does what was due after the records handed over.
    pub(crate) fn handed_over(&mut self) {
        for after in std::mem::take(&mut self.after) {
            match after {
                After::Free { slot, ticket, .. } if wrong(Mutant::SeatKept) => {
                    drop(ticket);
                    self.seats.put_back(slot);
                }
                After::Release { ticket, .. } if wrong(Mutant::MovedSeatKept) => drop(ticket),
                After::Release { ticket, handled } => drop(self.core.free(ticket, handled)),
                After::Free { slot, ticket, handled } => {
                    self.core.free(ticket, handled);
                    self.seats.put_back(slot);
                }
                After::Cancel { slot } => {
                    self.core.cancel(slot);
                    self.seats.put_back(slot);
                }
                After::ReserveLate { conversation, agent } => {
                    self.reserve_late(conversation, agent);
                }
                After::Presence { user, presence } => self.core.presence(user, presence),
            }
        }
    }
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Refusal {
    /// It names something that does not exist.
    pub(crate) const fn dangling(detail: String) -> Self {
        Self { reason: DeadReason::Dangling, detail }
    }

    /// Handling it panics.
    pub(crate) fn poison(panics: u32) -> Self {
        let detail = format!("{panics} attempts to handle it ended in a panic");
        Self { reason: DeadReason::Poison, detail }
    }

    /// It cannot be read.
    pub(crate) const fn undecodable(detail: String) -> Self {
        Self { reason: DeadReason::Undecodable, detail }
    }
}

impl Draft {
    /// The first events of a new conversation.
    pub(crate) const fn of_new(conversation: ConversationId) -> Self {
        Self { conversation, events: Vec::new(), seq: 0 }
    }

    /// More events of an open conversation.
    pub(crate) const fn of(open: &fold::Conversation) -> Self {
        Self::after(open.id, open.last_seq)
    }

    /// The events of a conversation after that place in its sequence.
    pub(crate) const fn after(conversation: ConversationId, seq: u32) -> Self {
        Self { conversation, events: Vec::new(), seq }
    }

    /// The next place in the conversation's sequence.
    pub(crate) const fn next_id(&mut self) -> MessageId {
        self.seq += 1;
        MessageId { conversation: self.conversation, seq: self.seq }
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, event: Event) {
        self.events.push(event);
    }
}
