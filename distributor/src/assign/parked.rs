//! What lock-free means: a thread that stops for ever at any shared access of any operation stops
//! nobody, and takes nothing with it but the seat it had in hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use super::shim::parking::Lot;
use super::{Arrival, Assign, LockFree, SeatKind, Sizes, Slot, Ticket};

const AGENTS: u32 = 4;
const CAP: u32 = 2;
const ROUNDS: u32 = 2_000;

fn settings() -> Settings {
    let mut settings = Settings::default();
    for (id, policy) in (1..).zip([Policy::Circular, Policy::Random, Policy::LeastCount]) {
        let group = Group {
            id: GroupId(id),
            version: 1,
            operation: OperationId(1),
            name: String::new(),
            active: true,
            policy,
            newcomer: NewcomerScore::Zero,
            head_start: Duration::ZERO,
        };
        settings.groups.insert(group.id, group);
    }
    for id in 1..=AGENTS {
        let groups = [1, 2, 3].map(|id| Membership { group: GroupId(id), receives: true });
        let user = User {
            id: UserId(id),
            version: 1,
            operation: OperationId(1),
            login: String::new(),
            name: String::new(),
            kind: UserKind::Agent,
            active: true,
            groups: groups.into(),
            cap: Cap::new(CAP).unwrap(),
            rank: AgentRank(0),
        };
        settings.users.insert(user.id, user);
    }
    settings
}

fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: LaneId::new(lane).unwrap(), index }
}

/// Agents 1 to 4 with all seats but one taken by lane 0; three conversations of it wait when
/// `waiting` is set, and then every seat is taken.
fn desk(waiting: bool) -> (Arc<LockFree>, Vec<Ticket>) {
    let sizes = Sizes { agents: 8, groups: 8, slots: 16 };
    let core = LockFree::new((0..2).map(|_| Bell::new()).collect(), 1, sizes);
    core.edit(&settings());
    (1..=AGENTS).for_each(|id| core.presence(UserId(id), Presence::Available));
    let seats = AGENTS * CAP - u32::from(!waiting);
    let tickets = (0..seats).map(|n| match core.arrive(GroupId(1 + n % 3), slot(0, 0), 0) {
        Arrival::Seated(seat) => seat.ticket,
        Arrival::Waiting => panic!("nobody is free"),
    });
    let tickets = tickets.collect();
    if waiting {
        for index in 0..3 {
            assert_eq!(core.arrive(GroupId(1 + index), slot(0, index), 0), Arrival::Waiting);
        }
    }
    (Arc::new(core), tickets)
}

/// What the stopped thread was doing.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Arrive,
    ArriveToWait,
    Free,
    Sell,
    Seat,
    Cancel,
    Ready,
    Pause,
    Resume,
}

impl Doing {
    const ALL: [Self; 9] = [
        Self::Arrive,
        Self::ArriveToWait,
        Self::Free,
        Self::Sell,
        Self::Seat,
        Self::Cancel,
        Self::Ready,
        Self::Pause,
        Self::Resume,
    ];

    fn waits(self) -> bool {
        !matches!(self, Self::Arrive | Self::Free | Self::Seat | Self::Pause | Self::Resume)
    }

    fn run(self, core: &LockFree, ticket: Ticket) {
        match self {
            Self::Arrive | Self::ArriveToWait => {
                core.arrive(GroupId(1), slot(0, 9), 9);
            }
            Self::Free | Self::Sell => {
                core.free(ticket, Duration::from_secs(60));
            }
            Self::Seat => {
                core.seat(ticket.agent(), slot(0, 9), 9, SeatKind::Back);
            }
            Self::Cancel => {
                core.cancel(slot(0, 1));
            }
            Self::Ready => {
                core.ready(LaneId::FIRST);
            }
            Self::Pause => core.presence(UserId(1), Presence::Paused),
            Self::Resume => core.presence(UserId(2), Presence::Available),
        }
    }
}

/// Lane 1 works on: what it is given comes back, what waits of its own is served in the end.
fn work_on(core: &LockFree, tickets: &mut Vec<Ticket>) {
    let mut held: BTreeMap<u32, Ticket> = BTreeMap::new();
    let mine = LaneId::new(1).unwrap();
    for round in 0..ROUNDS {
        let index = round % 16;
        while let Some(confirmed) = core.ready(mine) {
            held.insert(confirmed.slot.index, confirmed.seat.ticket);
        }
        match held.remove(&index) {
            Some(ticket) => {
                core.free(ticket, Duration::from_secs(30));
            }
            None => {
                core.cancel(slot(1, index));
            }
        }
        if let Arrival::Seated(seat) = core.arrive(GroupId(1 + round % 3), slot(1, index), 10) {
            held.insert(index, seat.ticket);
        }
        if round % 8 == 0
            && let Some(ticket) = tickets.pop()
        {
            core.free(ticket, Duration::from_secs(30));
        }
        if round % 16 == 3 {
            core.presence(UserId(3), Presence::Paused);
            core.presence(UserId(3), Presence::Available);
        }
    }
    for ticket in held.into_values() {
        core.free(ticket, Duration::ZERO);
    }
    for index in 0..16 {
        core.cancel(slot(1, index));
    }
}

/// Stops one thread at the `access`-th shared access of what it does, and lets another work;
/// false when it ended before.
fn stopped_at(doing: Doing, access: u64) -> bool {
    let (core, mut tickets) = desk(doing.waits());
    let ticket = tickets.pop().unwrap();
    if matches!(doing, Doing::Ready) {
        core.free(tickets.pop().unwrap(), Duration::ZERO);
    }
    if matches!(doing, Doing::Resume) {
        core.presence(UserId(2), Presence::Paused);
    }
    let lot = Arc::new(Lot::default());
    std::thread::scope(|scope| {
        let stops = scope.spawn({
            let (core, lot) = (core.clone(), lot.clone());
            move || {
                lot.stop_at(access);
                doing.run(&core, ticket);
                let stopped = !Lot::pass();
                lot.report();
                stopped
            }
        });
        lot.wait_for_one();
        work_on(&core, &mut tickets);
        let audit = core.audit();
        assert_eq!(audit.over_cap, 0, "{doing:?} at {access}");
        assert!(audit.unaccounted_seats <= Some(1), "{doing:?} at {access}: {audit:?}");
        lot.open();
        stops.join().unwrap()
    })
}

#[test]
fn a_thread_stopped_anywhere_stops_nobody() {
    for doing in Doing::ALL {
        let stops = (1..).take_while(|access| stopped_at(doing, *access)).count();
        assert!(stops >= 3, "{doing:?} has only {stops} shared accesses");
    }
}
