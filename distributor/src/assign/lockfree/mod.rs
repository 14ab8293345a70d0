//! The lock-free routing core: words, bits and lists that any lane changes by single atomic
//! steps. A lane that stops in the middle stops nobody.
//!
//! The truth about an agent is one word, that about a waiting conversation another; a seat is
//! taken, sold again, given back and handed over by compare-and-swap on these two. Bits, lists
//! and cursors only say where to look.
//!
//! Reading order: [`word`], [`slot`], [`index`], [`line`] (what the parts are), [`roster`] (who
//! is where), [`handover`] (the protocol), [`pick`] (the policies), `manage` (edits and
//! restarts), `inspect`.

mod word;
pub(super) mod slot;
pub(super) mod index;
pub(super) mod line;
mod roster;
mod handover;
mod pick;
mod manage;
mod inspect;

use std::sync::Arc;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::limit;
use model::people::Presence;
use parking_lot::Mutex;
use storage::port::Bell;

use super::shim::{Alone, Figure, Mutant, Own, Published, Words, wrong};
use super::{
    Arrival, Assign, Audit, Cancelled, Confirmed, Explanation, Findings, Freed, Requeued, Restore,
    SeatKind, SeatOutcome, Slot, Ticket,
};
use handover::Ready;
pub use inspect::Patrol;
use line::Lines;
use roster::{Layout, Room};
use word::{Correction, Word};

/// The lock-free routing core of one shard, for any number of lanes.
///
/// `arrive`, `seat`, `requeue`, `free`, `cancel`, `ready` and `presence` take no lock and allocate
/// nothing, with one exception: a group or user that no settings ever named is learned at its
/// first appearance, under the lock of edits and at the cost of one. That happens once for each,
/// and no more once there is no room ([`Sizes`]). A conversation's slot is used by its lane alone;
/// `edit`, `presence` and
/// `restore` are called by one thread at a time.
#[derive(Debug)]
pub struct LockFree {
    words: Words,
    lines: Lines,
    ready: Box<[Ready]>,
    layout: Published<Layout>,
    bells: Vec<Arc<Bell>>,
    room: Room,
    seed: u64,
    /// How many of each lane stand in the queue of each group: a lane writes its own alone.
    standing: Box<[Own]>,
    /// Draws made so far: by each lane for its arrivals, and last by all for hand-overs.
    draws: Box<[Alone<Figure>]>,
    /// Held by whoever publishes a layout.
    editing: Mutex<()>,
    /// Who is there, also of those the settings do not have.
    presences: Own,
    /// Seats taken above a cap: none, ever.
    over_cap: Figure,
    /// Tickets out, by agent: kept where assertions are.
    #[cfg(debug_assertions)]
    tickets: Own,
}

/// What a core has room for; memory is taken as it is used. More than [`Self::MOST`] is taken as
/// that.
///
/// Whoever finds no room is refused and reported, with the bound, when settings name him: an agent
/// is not there ([`SeatOutcome::NotAvailable`]), a group has no members, and what comes to it waits
/// until it is cancelled. Nobody else notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Users the core may ever know, as agents or by their presence alone.
    pub agents: u32,
    /// Groups the core may ever know.
    pub groups: u32,
    /// Waiting slots of a lane.
    pub slots: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { agents: 1 << 17, groups: 1 << 14, slots: limit::OPEN_CONVERSATIONS }
    }
}

impl Sizes {
    /// What the words have bits for: 20 for an agent; 16 for a group, of whose numbers one is that
    /// of all groups without room, and one of none.
    pub const MOST: Self =
        Self { agents: 1 << 20, groups: (1 << 16) - 2, slots: limit::OPEN_CONVERSATIONS };

    fn room(self) -> Room {
        let (agents, groups) =
            (self.agents.min(Self::MOST.agents), self.groups.min(Self::MOST.groups));
        Room { agents: agents as usize, groups: groups as usize + 1 }
    }
}

impl LockFree {
    /// A core that knows nobody yet. `bells` are those of the shard's lanes, by lane number;
    /// `seed` replays the random choices.
    pub fn new(bells: Vec<Arc<Bell>>, seed: u64, sizes: Sizes) -> Self {
        let room = sizes.room();
        let (lanes, slots) = (bells.len().max(1), sizes.slots.min(Sizes::MOST.slots) as usize);
        Self {
            words: Words::new(room.agents),
            lines: Lines::new(lanes, slots, room.lines()),
            ready: (0..lanes).map(|_| Ready::new(slots)).collect(),
            layout: Published::new(Layout::default()),
            bells,
            room,
            seed,
            standing: (0..lanes).map(|_| Own::new(room.groups)).collect(),
            draws: (0..=lanes).map(|_| Alone(Figure::default())).collect(),
            editing: Mutex::new(()),
            presences: Own::new(room.agents),
            over_cap: Figure::new(0),
            #[cfg(debug_assertions)]
            tickets: Own::new(room.agents),
        }
    }

    #[inline]
    fn word(&self, agent: u32) -> Word {
        Word(self.words.at(agent as usize).get())
    }

    #[expect(clippy::indexing_slicing, reason = "callers name lanes of this shard")]
    fn ready_of(&self, lane: LaneId) -> &Ready {
        &self.ready[usize::from(lane.get())]
    }

    /// Notes a seat that was taken, were it above the cap.
    #[inline]
    fn note(&self, taken: Word) {
        if taken.is_over() {
            self.over_cap.add(1);
        }
    }

    /// The ticket of a seat that was just taken.
    #[inline]
    fn mint(&self, layout: &Layout, agent: u32, charge: u8) -> Option<Ticket> {
        #[cfg(debug_assertions)]
        self.tickets.add(agent as usize, 1);
        Some(Ticket::new(layout.agent(agent)?.id, agent, charge))
    }
}

impl Assign for LockFree {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Arrival {
        self.come(group, slot, key)
    }

    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> SeatOutcome {
        self.call(agent, slot, key, kind)
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Requeued {
        self.move_to(slot, group, key)
    }

    fn free(&self, ticket: Ticket, handled: Duration) -> Freed {
        let (agent, number, charge) = (ticket.agent(), ticket.number(), ticket.charge());
        #[cfg(debug_assertions)]
        self.tickets.add(number as usize, u32::MAX);
        let mut layout = self.layout.read();
        let his = layout.agent(number).is_some_and(|known| known.id == agent);
        assert!(his, "C9: a ticket of agent {agent} is not his");
        self.give_back(&mut layout, number, Correction::handled(charge, handled))
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        self.withdraw(slot)
    }

    fn ready(&self, lane: LaneId) -> Option<Confirmed> {
        self.take_next(lane)
    }

    fn presence(&self, user: UserId, presence: Presence) {
        self.appear_as(user, presence);
    }

    fn edit(&self, settings: &Settings) {
        self.put_in_force(settings);
        if !wrong(Mutant::EditWithoutTail) {
            self.tail_of_all();
        }
    }

    fn restore(&self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.take_over(state)
    }

    fn waiting(&self, group: GroupId) -> u32 {
        self.waiting_in(group)
    }

    fn position(&self, slot: Slot) -> Option<u32> {
        self.lines.position(slot)
    }

    fn explain(&self, slot: Slot) -> Option<Explanation> {
        self.explanation(slot)
    }

    fn explain_arrival(&self, group: GroupId) -> Option<Explanation> {
        self.arrival_explained(group)
    }

    fn audit(&self) -> Audit {
        self.audited()
    }

    fn patrol(&self, patrol: &mut Patrol) -> Findings {
        self.patrolled(patrol, limit::PATROL_PLACES)
    }
}
