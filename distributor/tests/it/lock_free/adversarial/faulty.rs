//! The mutex twin made wrong, to see that the books notice.

use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Audit, Cancelled, Confirmed, Explanation, Freed, MutexAssign, Requeued,
    Restore, SeatKind, SeatOutcome, Slot, Ticket,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::{Cap, Presence};
use parking_lot::Mutex;

use super::super::house::{groups, staffed};
use super::{GROUPS, caps};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// A pause is not taken note of.
    IgnoresPause,
    /// Nor an agent's return.
    IgnoresReturn,
    /// One release in sixteen is forgotten.
    ForgetsReleases,
    /// One who is told to wait in sixteen is forgotten.
    ForgetsWaiters,
    /// Every agent has two seats.
    RaisesCaps,
}

pub(super) struct Faulty {
    inner: MutexAssign,
    fault: Fault,
    calls: Mutex<u32>,
}

impl Faulty {
    pub(super) fn new(inner: MutexAssign, fault: Fault) -> Self {
        if fault == Fault::RaisesCaps {
            let policy = model::people::Policy::Circular;
            let mut settings = staffed(groups(&[policy; GROUPS as usize]), caps());
            settings.users.values_mut().for_each(|user| user.cap = Cap::new(2).unwrap());
            inner.edit(&settings);
        }
        Self { inner, fault, calls: Mutex::new(0) }
    }

    fn is_due(&self, fault: Fault) -> bool {
        let mut calls = self.calls.lock();
        *calls += 1;
        self.fault == fault && calls.is_multiple_of(16)
    }
}

impl Assign for Faulty {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Arrival {
        let arrival = self.inner.arrive(group, slot, key);
        if arrival == Arrival::Waiting && self.is_due(Fault::ForgetsWaiters) {
            self.inner.cancel(slot);
        }
        arrival
    }

    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> SeatOutcome {
        self.inner.seat(agent, slot, key, kind)
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Requeued {
        self.inner.requeue(slot, group, key)
    }

    fn free(&self, ticket: Ticket, handled: Duration) -> Freed {
        match self.is_due(Fault::ForgetsReleases) {
            true => Freed::Released,
            false => self.inner.free(ticket, handled),
        }
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        self.inner.cancel(slot)
    }

    fn ready(&self, lane: LaneId) -> Option<Confirmed> {
        self.inner.ready(lane)
    }

    fn presence(&self, user: UserId, presence: Presence) {
        let ignored = match presence {
            Presence::Available => Fault::IgnoresReturn,
            _ => Fault::IgnoresPause,
        };
        if self.fault != ignored {
            self.inner.presence(user, presence);
        }
    }

    fn edit(&self, settings: &Settings) {
        self.inner.edit(settings);
    }

    fn restore(&self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.inner.restore(state)
    }

    fn waiting(&self, group: GroupId) -> u32 {
        self.inner.waiting(group)
    }

    fn position(&self, slot: Slot) -> Option<u32> {
        self.inner.position(slot)
    }

    fn explain(&self, slot: Slot) -> Option<Explanation> {
        self.inner.explain(slot)
    }

    fn explain_arrival(&self, group: GroupId) -> Option<Explanation> {
        self.inner.explain_arrival(group)
    }

    fn audit(&self) -> Audit {
        self.inner.audit()
    }
}
