use std::sync::Arc;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;
use parking_lot::Mutex;
use storage::port::Bell;

use super::Reference;
use crate::assign::shim::visit;
use crate::assign::{
    Arrival, Assign, Audit, Cancelled, Confirmed, Explanation, Freed, Requeued, Restore, SeatKind,
    SeatOutcome, Slot, Ticket,
};

/// The [`Reference`] under one mutex, for any number of lanes. A lane that was handed a seat is
/// rung after the mutex is released.
#[derive(Debug)]
pub struct MutexAssign {
    reference: Mutex<Reference>,
    bells: Vec<Arc<Bell>>,
}

impl MutexAssign {
    /// A core that knows nobody yet. `bells` are those of the shard's lanes, by lane number;
    /// `seed` replays the random choices.
    pub fn new(bells: Vec<Arc<Bell>>, seed: u64) -> Self {
        Self { reference: Mutex::new(Reference::new(seed)), bells }
    }

    fn with<T>(&self, call: impl FnOnce(&mut Reference) -> T) -> T {
        let (answer, rings) = {
            let mut reference = self.reference.lock();
            visit();
            (call(&mut reference), reference.take_rings())
        };
        for lane in rings {
            if let Some(bell) = self.bells.get(usize::from(lane.get())) {
                bell.ring();
            }
        }
        answer
    }
}

impl Assign for MutexAssign {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Arrival {
        self.with(|core| core.arrive(group, slot, key))
    }

    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> SeatOutcome {
        self.with(|core| core.seat(agent, slot, key, kind))
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Requeued {
        self.with(|core| core.requeue(slot, group, key))
    }

    fn free(&self, ticket: Ticket, handled: Duration) -> Freed {
        self.with(|core| core.free(ticket, handled))
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        self.with(|core| core.cancel(slot))
    }

    fn ready(&self, lane: LaneId) -> Option<Confirmed> {
        self.with(|core| core.ready(lane))
    }

    fn presence(&self, user: UserId, presence: Presence) {
        self.with(|core| core.presence(user, presence));
    }

    fn edit(&self, settings: &Settings) {
        self.with(|core| core.edit(settings));
    }

    fn restore(&self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.with(|core| core.restore(state))
    }

    fn waiting(&self, group: GroupId) -> u32 {
        self.reference.lock().waiting(group)
    }

    fn position(&self, slot: Slot) -> Option<u32> {
        self.reference.lock().position(slot)
    }

    fn explain(&self, slot: Slot) -> Option<Explanation> {
        self.reference.lock().explain(slot)
    }

    fn explain_arrival(&self, group: GroupId) -> Option<Explanation> {
        self.reference.lock().explain_arrival(group)
    }

    fn audit(&self) -> Audit {
        self.reference.lock().audit()
    }
}
