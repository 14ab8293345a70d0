//! The lock-free core with the reference's inherent methods, so that the same tests run on both.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Audit, Cancelled, Confirmed, Explanation, Freed, LockFree, Requeued, Restore,
    Seat, SeatKind, SeatOutcome, Sizes, Slot, Ticket, policy::Choice,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;
use storage::port::Bell;

use super::mirror::Mirror;

pub(crate) struct Mirrored {
    live: LockFree,
    mirror: Mirror,
    bells: Vec<Arc<Bell>>,
}

impl Mirrored {
    /// A small core of two lanes.
    pub(crate) fn new(seed: u64) -> Self {
        let bells: Vec<Arc<Bell>> = (0..2).map(|_| Bell::new()).collect();
        let sizes = Sizes { agents: 64, groups: 16, slots: 100 };
        Self { live: LockFree::new(bells.clone(), seed, sizes), bells, mirror: Mirror::default() }
    }

    pub(crate) fn arrive(&mut self, group: GroupId, slot: Slot, key: i64) -> Arrival {
        let arrival = self.live.arrive(group, slot, key);
        if let Arrival::Seated(seat) = &arrival {
            self.note(seat);
            self.mirror.turned(group, seat.ticket.agent());
        }
        arrival
    }

    pub(crate) fn seat(&mut self, a: UserId, at: Slot, key: i64, kind: SeatKind) -> SeatOutcome {
        let outcome = self.live.seat(a, at, key, kind);
        if let SeatOutcome::Seated(seat) = &outcome {
            self.note(seat);
        }
        outcome
    }

    pub(crate) fn requeue(&mut self, slot: Slot, group: GroupId, key: i64) -> Requeued {
        let requeued = self.live.requeue(slot, group, key);
        if let Requeued::Seated(seat) = &requeued {
            self.note(seat);
            self.mirror.turned(group, seat.ticket.agent());
        }
        requeued
    }

    pub(crate) fn free(&mut self, ticket: Ticket, handled: Duration) -> Freed {
        let charge = charge_of(&ticket);
        self.mirror.freed(ticket.agent(), charge, handled);
        self.live.free(ticket, handled)
    }

    pub(crate) fn cancel(&mut self, slot: Slot) -> Cancelled {
        self.live.cancel(slot)
    }

    pub(crate) fn ready(&mut self, lane: LaneId) -> Option<Confirmed> {
        let confirmed = self.live.ready(lane)?;
        self.note(&confirmed.seat);
        Some(confirmed)
    }

    pub(crate) fn presence(&mut self, user: UserId, presence: Presence) {
        self.mirror.presence.insert(user, presence);
        self.live.presence(user, presence);
    }

    pub(crate) fn edit(&mut self, settings: &Settings) {
        self.mirror.edit(settings);
        self.live.edit(settings);
    }

    pub(crate) fn restore(&mut self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.mirror.edit(&state.settings);
        self.mirror.presence.extend(state.presence.clone());
        self.mirror.score.extend(state.scores.clone());
        for (group, agent) in &state.cursors {
            self.mirror.turned(*group, *agent);
        }
        state.seated.iter().for_each(|seat| self.mirror.restored(seat.agent));
        self.live.restore(state)
    }

    pub(crate) fn position(&self, slot: Slot) -> Option<u32> {
        self.live.position(slot)
    }

    pub(crate) fn explain(&self, slot: Slot) -> Option<Explanation> {
        self.live.explain(slot)
    }

    pub(crate) fn explain_arrival(&self, group: GroupId) -> Option<Explanation> {
        self.live.explain_arrival(group)
    }

    pub(crate) fn audit(&self) -> Audit {
        self.live.audit()
    }

    /// Everybody the policy of a group allows now, while no hand-over is under way.
    pub(crate) fn choice(&self, group: GroupId) -> Option<Choice> {
        self.mirror.choice(group)
    }

    /// The lanes whose bell rang since this was last asked.
    pub(crate) fn take_rings(&mut self) -> BTreeSet<LaneId> {
        let lanes = (0..).zip(&self.bells).filter(|(_, bell)| bell.wait(Duration::ZERO));
        lanes.map(|(lane, _)| LaneId::new(lane).unwrap()).collect()
    }

    fn note(&mut self, seat: &Seat) {
        self.mirror.seated(seat.ticket.agent(), seat.charge);
    }
}

/// A ticket shows its charge to nobody but the core; its debug form has it.
fn charge_of(ticket: &Ticket) -> u8 {
    let text = format!("{ticket:?}");
    let digits = text.rsplit("charge: ").next().unwrap();
    digits.trim_end_matches([' ', '}']).parse().unwrap()
}
