//! What gives seats and takes them back.

use std::hint::black_box;
use std::time::Duration;

use distributor::assign::{Arrival, Assign, Slot, Ticket};
use model::id::{GroupId, LaneId};

/// Whatever gives seats: a core, or a twin of one.
pub trait Seats: Sync {
    /// A held seat.
    type Ticket: Send;

    /// A conversation of `lane` comes to the group and is seated; `None` when it was not.
    fn take(&self, lane: LaneId, group: GroupId) -> Option<Self::Ticket>;

    /// Its seat is given back.
    fn give(&self, ticket: Self::Ticket);
}

/// How long every conversation of a bench has lasted.
pub const HANDLED: Duration = Duration::from_secs(60);

impl<C: Assign> Seats for C {
    type Ticket = Ticket;

    #[inline]
    fn take(&self, lane: LaneId, group: GroupId) -> Option<Ticket> {
        let slot = Slot { lane, index: 0 };
        match self.arrive(group, slot, 0) {
            Arrival::Seated(seat) => Some(seat.ticket),
            Arrival::Waiting => handed(self, slot),
        }
    }

    #[inline]
    fn give(&self, ticket: Ticket) {
        black_box(self.free(ticket, HANDLED));
    }
}

/// It had to wait, because others were at it: the seat comes by hand-over, or it does without.
#[cold]
fn handed<C: Assign>(core: &C, slot: Slot) -> Option<Ticket> {
    let confirmed = core.ready(slot.lane);
    if confirmed.is_none() {
        core.cancel(slot);
    }
    confirmed.map(|confirmed| confirmed.seat.ticket)
}
