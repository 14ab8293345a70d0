//! Several lanes at once on one core, and their bells.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{Arrival, Assign, Audit, Freed, Seat, Slot, Ticket};
use model::id::{GroupId, UserId};
use model::people::{Policy, Presence};
use parking_lot::Mutex;
use storage::port::Bell;

use super::world::{World, lane};
use super::{Shared, shared};

const LANES: u8 = 4;
const ROUNDS: u32 = 4_000;
const SLOTS: u32 = 40;
const CAPS: [u8; 6] = [1, 2, 3, 1, 0, 5];

fn bells(lanes: u8) -> Vec<Arc<Bell>> {
    (0..lanes).map(|_| Bell::new()).collect()
}

fn core(policies: &[Policy], caps: &[u8], bells: &[Arc<Bell>]) -> Shared {
    let settings = World::new(policies, caps).settings;
    let core = shared(bells.to_vec(), SLOTS);
    core.edit(&settings);
    for user in settings.users.keys() {
        core.presence(*user, Presence::Available);
    }
    core
}

#[test]
fn the_bell_of_the_lane_that_was_handed_a_seat_rings() {
    let bells = bells(3);
    let rung = || bells.iter().map(|bell| bell.wait(Duration::ZERO)).collect::<Vec<_>>();
    let core = core(&[Policy::Circular], &[1], &bells);
    let at = |n: u8| Slot { lane: lane(n), index: 0 };
    let Arrival::Seated(seat) = core.arrive(GroupId(1), at(0), 0) else { panic!("1 is free") };
    assert_eq!(core.arrive(GroupId(1), at(2), 1), Arrival::Waiting);
    assert_eq!(rung(), [false, false, false]);
    assert_eq!(core.free(seat.ticket, Duration::ZERO), Freed::HandedOver);
    assert_eq!(rung(), [false, false, true]);
    let confirmed = core.ready(lane(2)).unwrap();
    assert_eq!(core.free(confirmed.seat.ticket, Duration::ZERO), Freed::Released);
    assert_eq!(rung(), [false, false, false]);
}

/// Seats each agent holds as the lanes know it: raised after a reservation, lowered before a
/// release, so never above what the core holds.
#[derive(Default)]
struct Held(Mutex<BTreeMap<UserId, u8>>);

impl Held {
    fn take(&self, seat: Seat) -> Ticket {
        let agent = seat.ticket.agent();
        let mut held = self.0.lock();
        let load = held.entry(agent).or_default();
        *load += 1;
        assert!(*load <= CAPS[agent.0 as usize - 1], "C5: {load} at {agent}");
        seat.ticket
    }

    fn give_back(&self, core: &Shared, ticket: Ticket) {
        *self.0.lock().get_mut(&ticket.agent()).unwrap() -= 1;
        core.free(ticket, Duration::from_secs(20));
    }
}

/// What one lane does: conversations come to its slots in turn, and end when their slot is due
/// again. Lane 0 pauses agents too.
fn work(core: &Shared, held: &Held, number: u8) -> BTreeMap<u32, Ticket> {
    let mut tickets = BTreeMap::new();
    for round in 0..ROUNDS {
        let at = Slot { lane: lane(number), index: round % SLOTS };
        take_ready(core, held, number, &mut tickets);
        match tickets.remove(&at.index) {
            Some(ticket) => held.give_back(core, ticket),
            None => drop(core.cancel(at)),
        }
        if let Arrival::Seated(seat) = core.arrive(GroupId(1 + round % 3), at, i64::from(round)) {
            tickets.insert(at.index, held.take(seat));
        }
        if number == 0 && round % 5 == 0 {
            let presence = [Presence::Available, Presence::Paused][round as usize / 5 % 2];
            core.presence(UserId(1 + round % 3), presence);
        }
    }
    tickets
}

fn take_ready(core: &Shared, held: &Held, number: u8, to: &mut BTreeMap<u32, Ticket>) {
    while let Some(confirmed) = core.ready(lane(number)) {
        let ticket = held.take(confirmed.seat);
        assert!(to.insert(confirmed.slot.index, ticket).is_none(), "C4: two seats");
    }
}

#[test]
fn lanes_working_at_once_leave_a_sound_core() {
    let policies = [Policy::Circular, Policy::LeastTime, Policy::Random];
    let (core, held) = (core(&policies, &CAPS, &bells(LANES)), Held::default());
    let mut tickets: Vec<BTreeMap<u32, Ticket>> = std::thread::scope(|scope| {
        let lanes = (0..LANES).map(|n| {
            let (core, held) = (&core, &held);
            scope.spawn(move || work(core, held, n))
        });
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).collect()
    });
    for id in 1..=3 {
        core.presence(UserId(id), Presence::Available);
    }
    assert_eq!(core.audit(), Audit::default());
    while serve_and_end(&core, &held, &mut tickets) {}
    assert_eq!(core.audit(), Audit::default());
    assert_eq!(held.0.lock().values().map(|load| u32::from(*load)).sum::<u32>(), 0);
    for number in 0..LANES {
        let positions = (0..SLOTS).map(|index| Slot { lane: lane(number), index });
        assert!(positions.into_iter().all(|at| core.position(at).is_none()), "nobody waits");
    }
}

/// Takes every hand-over and ends one conversation of each lane; whether there was any.
fn serve_and_end(core: &Shared, held: &Held, tickets: &mut [BTreeMap<u32, Ticket>]) -> bool {
    for (number, of_lane) in (0..).zip(tickets.iter_mut()) {
        take_ready(core, held, number, of_lane);
    }
    let ending: Vec<Ticket> =
        tickets.iter_mut().filter_map(|of_lane| Some(of_lane.pop_first()?.1)).collect();
    let any = !ending.is_empty();
    ending.into_iter().for_each(|ticket| held.give_back(core, ticket));
    any
}
