//! The routing core as one plain structure for one thread: what the policies, the lines and the
//! hand-overs mean, written to be read.
//!
//! It stays for good. [`Reference`] is the oracle a concurrent core is compared with, and
//! [`MutexAssign`], the same under one mutex, is what such a core is measured against.
//!
//! Between two calls nobody waits in a line that an eligible agent serves: each call that frees a
//! seat, makes somebody eligible or puts a conversation back ends with a settlement of the lines
//! it touched.

mod agent;
mod group;
mod roster;
mod waitlist;
mod settle;
mod inspect;
mod mutex;

use std::collections::BTreeSet;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;

pub use mutex::MutexAssign;

use super::policy::{self, Choice, Draws, View};
use super::{
    Arrival, Cancelled, Confirmed, Freed, Passed, Requeued, Restore, RestoredSeat, RestoredWait,
    Seat, SeatKind, SeatOutcome, Slot, Ticket,
};
use roster::Roster;
use waitlist::{Held, Line, Wait, Waitlist};

/// The sequential routing core. Its methods are those of [`super::Assign`], word for word.
#[derive(Debug)]
pub struct Reference {
    roster: Roster,
    waitlist: Waitlist,
    draws: Draws,
    rings: BTreeSet<LaneId>,
}

impl Reference {
    /// A core that knows nobody yet; `seed` replays its random choices.
    pub fn new(seed: u64) -> Self {
        Self {
            roster: Roster::default(),
            waitlist: Waitlist::default(),
            draws: Draws::new(seed),
            rings: BTreeSet::new(),
        }
    }

    /// See [`super::Assign::arrive`].
    pub fn arrive(&mut self, group: GroupId, slot: Slot, key: i64) -> Arrival {
        let held = self.waitlist.get(slot);
        assert!(held.is_none(), "C4: a conversation arrives that already waits in {slot:?}");
        let line = Line::Group(group);
        if self.waitlist.head(line).is_none()
            && let Some(seat) = self.reserve_by_policy(group)
        {
            return Arrival::Seated(seat);
        }
        self.waitlist.push(slot, Wait { line, key, group });
        Arrival::Waiting
    }

    /// See [`super::Assign::seat`].
    pub fn seat(&mut self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> SeatOutcome {
        let held = self.waitlist.get(slot);
        if matches!(held, Some(Held::HandedOver(_))) {
            return SeatOutcome::HandedOver;
        }
        let known = self.roster.agents.get(&agent);
        let (Some(known), Some(group)) = (known, self.group_of_seat(agent, held)) else {
            return SeatOutcome::NotAvailable;
        };
        match known.refusal_of(kind) {
            None => {
                self.waitlist.clear(slot);
                SeatOutcome::Seated(self.reserve(agent, group, kind.why()))
            }
            Some(Passed::Full | Passed::Paused) if kind == SeatKind::Back => {
                self.waitlist.clear(slot);
                self.waitlist.push(slot, Wait { line: Line::Own(agent), key, group });
                SeatOutcome::Waiting
            }
            Some(Passed::Full) => SeatOutcome::AgentFull,
            Some(_) => SeatOutcome::NotAvailable,
        }
    }

    /// See [`super::Assign::requeue`].
    pub fn requeue(&mut self, slot: Slot, group: GroupId, key: i64) -> Requeued {
        if matches!(self.waitlist.get(slot), Some(Held::HandedOver(_))) {
            return Requeued::HandedOver;
        }
        self.waitlist.clear(slot);
        match self.arrive(group, slot, key) {
            Arrival::Seated(seat) => Requeued::Seated(seat),
            Arrival::Waiting => Requeued::Waiting,
        }
    }

    /// See [`super::Assign::free`].
    pub fn free(&mut self, ticket: Ticket, handled: Duration) -> Freed {
        let agent = self.roster.agents.entry(ticket.agent()).or_default();
        assert!(agent.tickets > 0, "C9: a ticket of agent {} is not his", ticket.agent());
        agent.tickets -= 1;
        agent.score.correct(ticket.charge(), handled);
        agent.give_back();
        match self.settle(&self.roster.lines_of(ticket.agent())) {
            0 => Freed::Released,
            _ => Freed::HandedOver,
        }
    }

    /// See [`super::Assign::cancel`].
    pub fn cancel(&mut self, slot: Slot) -> Cancelled {
        match self.waitlist.clear(slot) {
            None => Cancelled::NotWaiting,
            Some(Held::Waiting(_)) => Cancelled::Cancelled,
            Some(Held::HandedOver(hand_over)) => {
                self.vacate(hand_over);
                self.settle(&self.roster.lines_of(hand_over.agent));
                Cancelled::Freed
            }
        }
    }

    /// See [`super::Assign::ready`].
    pub fn ready(&mut self, lane: LaneId) -> Option<Confirmed> {
        while let Some((slot, hand_over)) = self.waitlist.next_ready(lane) {
            self.waitlist.clear(slot);
            if let Some(seat) = self.confirm(hand_over) {
                return Some(Confirmed { slot, seat });
            }
            self.undo(slot, hand_over);
        }
        None
    }

    /// See [`super::Assign::presence`].
    pub fn presence(&mut self, user: UserId, presence: Presence) {
        self.roster.agents.entry(user).or_default().appear(presence);
        self.settle(&self.roster.lines_of(user));
    }

    /// See [`super::Assign::edit`].
    pub fn edit(&mut self, settings: &Settings) {
        self.roster.edit(settings);
        self.settle(&self.waitlist.lines());
    }

    /// See [`super::Assign::restore`].
    pub fn restore(&mut self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.roster.edit(&state.settings);
        for (user, presence) in state.presence {
            self.roster.agents.entry(user).or_default().presence = presence;
        }
        for (user, score) in state.scores {
            self.roster.agents.entry(user).or_default().score = score;
        }
        for (group, agent) in state.cursors {
            self.take_turn(group, agent);
        }
        for waiting in state.waiting {
            let RestoredWait { slot, group, key, agent } = waiting;
            let line = agent.map_or(Line::Group(group), Line::Own);
            self.waitlist.push(slot, Wait { line, key, group });
        }
        let tickets = state.seated.iter().map(|seat| (seat.slot, self.restore_seat(seat)));
        let tickets = tickets.collect();
        self.settle(&self.waitlist.lines());
        tickets
    }

    /// The lanes whose bell is due since this was last asked: a seat was handed to each.
    pub fn take_rings(&mut self) -> BTreeSet<LaneId> {
        std::mem::take(&mut self.rings)
    }

    /// What the policy of `group` would decide for a newcomer now, were nobody waiting: every
    /// lawful choice, and its pick. Changes nothing.
    pub fn choice(&self, group: GroupId) -> Option<Choice> {
        self.choose(group, &mut self.draws.clone())
    }

    fn choose(&self, group: GroupId, draws: &mut Draws) -> Option<Choice> {
        let known = self.roster.groups.get(&group)?;
        let eligible = self.roster.eligible(group);
        policy::choose(known.policy, View { eligible: &eligible, turns: &known.turns }, draws)
    }

    /// The group that a seat asked for by name is assigned through: the one the conversation
    /// waits in, or else the agent's home.
    fn group_of_seat(&self, agent: UserId, held: Option<Held>) -> Option<GroupId> {
        match held {
            Some(Held::Waiting(wait)) => Some(wait.group),
            _ => self.roster.agents.get(&agent)?.home,
        }
    }

    fn restore_seat(&mut self, seat: &RestoredSeat) -> Ticket {
        let agent = self.roster.agents.entry(seat.agent).or_default();
        agent.take_restored();
        agent.tickets += 1;
        Ticket::new(seat.agent, 0, seat.charge)
    }
}
