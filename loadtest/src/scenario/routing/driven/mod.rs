//! What the driver drives.

mod naive;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Audit, Cancelled, LockFree, MutexAssign, Requeued, Restore, Seat, SeatKind,
    SeatOutcome, Sizes, Slot, Ticket,
};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;
use storage::port::Bell;

use super::plan::{Plan, named};
use naive::{Choice, Naive};

/// What can stand behind the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructureKind {
    /// The lock-free core.
    LockFree,
    /// The sequential reference under a parking_lot mutex.
    Reference,
    /// The usual check-then-act: open chats counted, then the agent chosen, then recorded.
    CountThenAssign,
    /// The usual rotation: a cursor that is read, and later written.
    NaiveCursor,
}

/// What the driver asks of a structure: the seam of `assign`, less what a run does not need.
pub trait Driven: Send + Sync {
    /// See [`Assign::arrive`].
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Asked;

    /// See [`Assign::free`].
    fn free(&self, hold: Hold, handled: Duration);

    /// See [`Assign::ready`].
    fn ready(&self, lane: LaneId) -> Option<(Slot, Hold)>;

    /// See [`Assign::cancel`].
    fn cancel(&self, slot: Slot) -> Cancelled;

    /// See [`Assign::presence`].
    fn presence(&self, user: UserId, presence: Presence);

    /// See [`Assign::edit`].
    fn edit(&self, settings: &Settings);

    /// See [`Assign::restore`]; `None` by what starts empty.
    fn restore(&self, _state: Restore) -> Option<Vec<(Slot, Hold)>> {
        None
    }

    /// See [`Assign::seat`]; refused by what knows no seats by name.
    fn seat(&self, _agent: UserId, _slot: Slot, _key: i64, _kind: SeatKind) -> Asked {
        Asked::Refused
    }

    /// See [`Assign::requeue`]; `None` by what cannot.
    fn requeue(&self, _slot: Slot, _group: GroupId, _key: i64) -> Option<Asked> {
        None
    }

    /// See [`Assign::audit`]; `None` by what has none.
    fn audit(&self) -> Option<Audit> {
        None
    }
}

/// A seat the driver holds.
#[derive(Debug)]
pub struct Hold {
    /// Whose seat it is.
    pub agent: UserId,
    /// The core's ticket for it; naive structures give none.
    ticket: Option<Ticket>,
}

/// What came of asking for a seat.
#[derive(Debug)]
pub enum Asked {
    /// Here it is.
    Seated(Hold),
    /// The conversation waits.
    Waiting,
    /// There is none, and it does not wait.
    Refused,
    /// One was handed over before: [`Driven::ready`] has it.
    HandedOver,
}

impl StructureKind {
    /// Every structure.
    pub const ALL: [Self; 4] =
        [Self::LockFree, Self::Reference, Self::CountThenAssign, Self::NaiveCursor];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LockFree => "lockfree",
            Self::Reference => "reference",
            Self::CountThenAssign => "count-then-assign",
            Self::NaiveCursor => "naive-cursor",
        }
    }

    /// Whether it claims to keep its policy's turn, so that the turn is judged.
    pub(super) const fn keeps_turns(self) -> bool {
        !matches!(self, Self::CountThenAssign)
    }

    /// The structure, ready for the agents of `plan`: nobody is there yet.
    pub fn build(self, plan: &Plan) -> Box<dyn Driven> {
        let bells: Vec<Arc<Bell>> = (0..plan.threads).map(|_| Bell::new()).collect();
        match self {
            Self::LockFree => Box::new(Real(LockFree::new(bells, plan.seed, sizes(plan)))),
            Self::Reference => Box::new(Real(MutexAssign::new(bells, plan.seed))),
            Self::CountThenAssign => Box::new(Naive::new(plan, Choice::CountThenAssign)),
            Self::NaiveCursor => Box::new(Naive::new(plan, Choice::NaiveCursor)),
        }
    }
}

impl fmt::Display for StructureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StructureKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(text, &Self::ALL, |kind| kind.name())
    }
}

impl Hold {
    /// A seat without a ticket.
    pub const fn record(agent: UserId) -> Self {
        Self { agent, ticket: None }
    }
}

impl From<Seat> for Hold {
    fn from(seat: Seat) -> Self {
        Self { agent: seat.ticket.agent(), ticket: Some(seat.ticket) }
    }
}

fn sizes(plan: &Plan) -> Sizes {
    Sizes { agents: plan.agents + 1, groups: plan.groups + 1, ..Sizes::default() }
}

/// A core of the distributor.
struct Real<C>(C);

impl<C: Assign> Driven for Real<C> {
    fn arrive(&self, group: GroupId, slot: Slot, key: i64) -> Asked {
        match self.0.arrive(group, slot, key) {
            Arrival::Seated(seat) => Asked::Seated(seat.into()),
            Arrival::Waiting => Asked::Waiting,
        }
    }

    fn free(&self, hold: Hold, handled: Duration) {
        if let Some(ticket) = hold.ticket {
            self.0.free(ticket, handled);
        }
    }

    fn ready(&self, lane: LaneId) -> Option<(Slot, Hold)> {
        self.0.ready(lane).map(|confirmed| (confirmed.slot, confirmed.seat.into()))
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        self.0.cancel(slot)
    }

    fn presence(&self, user: UserId, presence: Presence) {
        self.0.presence(user, presence);
    }

    fn edit(&self, settings: &Settings) {
        self.0.edit(settings);
    }

    fn seat(&self, agent: UserId, slot: Slot, key: i64, kind: SeatKind) -> Asked {
        match self.0.seat(agent, slot, key, kind) {
            SeatOutcome::Seated(seat) => Asked::Seated(seat.into()),
            SeatOutcome::Waiting => Asked::Waiting,
            SeatOutcome::AgentFull | SeatOutcome::NotAvailable => Asked::Refused,
            SeatOutcome::HandedOver => Asked::HandedOver,
        }
    }

    fn requeue(&self, slot: Slot, group: GroupId, key: i64) -> Option<Asked> {
        Some(match self.0.requeue(slot, group, key) {
            Requeued::Seated(seat) => Asked::Seated(seat.into()),
            Requeued::Waiting => Asked::Waiting,
            Requeued::HandedOver => Asked::HandedOver,
        })
    }

    fn restore(&self, state: Restore) -> Option<Vec<(Slot, Hold)>> {
        let tickets = self.0.restore(state).into_iter();
        let hold = |ticket: Ticket| Hold { agent: ticket.agent(), ticket: Some(ticket) };
        Some(tickets.map(|(slot, ticket)| (slot, hold(ticket))).collect())
    }

    fn audit(&self) -> Option<Audit> {
        Some(self.0.audit())
    }
}
