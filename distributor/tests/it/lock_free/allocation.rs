//! No allocation on the way of a conversation. Counted by thread, over a million operations of
//! each kind and policy, once the thread has looked at the layout in force.

use std::time::Duration;

use distributor::assign::{
    Assign, Cancelled, Freed, LockFree, Requeued, SeatKind, SeatOutcome, Ticket,
};
use model::id::{GroupId, UserId};
use model::people::{Policy, Presence};

use super::house::{groups, opened, release, seat, slot, staffed, taken, wait};

const AGENTS: u32 = 4;
const CAP: u32 = 3;
const SEATS: u32 = AGENTS * CAP;
const MILLION: u32 = 1_000_000;

/// One kind of operation, in a house where every seat is taken and held in the tickets.
type Kind = fn(&LockFree, &mut [Option<Ticket>], u32);

/// Each makes one operation, or two, of the kind, and leaves every seat taken.
const KINDS: [(&str, Kind); 10] = [
    ("free, arrive", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let freed = core.free(held.take().unwrap(), Duration::from_secs(u64::from(turn % 100)));
        assert_eq!(freed, Freed::Released);
        *held = Some(seat(core, 1 + turn % 2, slot(0, 0)));
    }),
    ("arrive to wait, free to sell, ready", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let waits = slot(0, turn % 100);
        wait(core, 1 + turn % 2, waits);
        assert_eq!(core.free(held.take().unwrap(), Duration::ZERO), Freed::HandedOver);
        *held = Some(taken(core, waits));
    }),
    ("arrive to wait, requeue, cancel", |core, _, turn| {
        let waits = slot(0, turn % 100);
        wait(core, 1, waits);
        assert_eq!(core.requeue(waits, GroupId(2), 3), Requeued::Waiting);
        assert_eq!(core.cancel(waits), Cancelled::Cancelled);
    }),
    ("requeue to a seat", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let waits = slot(0, turn % 100);
        wait(core, 3, waits);
        release(core, held.take().unwrap());
        match core.requeue(waits, GroupId(1), 3) {
            Requeued::Seated(seat) => *held = Some(seat.ticket),
            other => panic!("{other:?}"),
        }
    }),
    ("cancel of a hand-over", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let waits = slot(0, turn % 100);
        wait(core, 1, waits);
        release(core, held.take().unwrap());
        assert_eq!(core.cancel(waits), Cancelled::Freed);
        *held = Some(seat(core, 2, slot(0, 0)));
    }),
    ("seat by name", |core, tickets, turn| {
        let kinds = [
            SeatKind::Owner,
            SeatKind::Start,
            SeatKind::Reassign,
            SeatKind::Transfer { paused_ok: false },
            SeatKind::Transfer { paused_ok: true },
            SeatKind::Back,
        ];
        let held = &mut tickets[(turn % SEATS) as usize];
        let (kind, agent) = (kinds[turn as usize % 6], held.as_ref().unwrap().agent());
        release(core, held.take().unwrap());
        match core.seat(agent, slot(0, turn % 100), 0, kind) {
            SeatOutcome::Seated(seat) => *held = Some(seat.ticket),
            other => panic!("{other:?}"),
        }
    }),
    ("seat in the own line, free to it, ready", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let (agent, waits) = (held.as_ref().unwrap().agent(), slot(0, turn % 100));
        assert_eq!(core.seat(agent, waits, 0, SeatKind::Back), SeatOutcome::Waiting);
        release(core, held.take().unwrap());
        *held = Some(taken(core, waits));
    }),
    ("seat refused", |core, _, turn| {
        let refused = core.seat(UserId(1 + turn % AGENTS), slot(0, 0), 0, SeatKind::Owner);
        assert_eq!(refused, SeatOutcome::AgentFull);
    }),
    ("presence", |core, _, turn| {
        let away = [Presence::Paused, Presence::Offline][turn as usize % 2];
        core.presence(UserId(1 + turn % AGENTS), away);
        core.presence(UserId(1 + turn % AGENTS), Presence::Available);
    }),
    ("presence, ready undone and handed over anew", |core, tickets, turn| {
        let held = &mut tickets[(turn % SEATS) as usize];
        let (agent, waits) = (held.as_ref().unwrap().agent(), slot(0, turn % 100));
        wait(core, 1, waits);
        release(core, held.take().unwrap());
        core.presence(agent, Presence::Paused);
        assert_eq!(core.ready(waits.lane), None);
        core.presence(agent, Presence::Available);
        *held = Some(taken(core, waits));
    }),
];

/// Groups 1 and 2 of everybody, and group 3, in which nobody is.
fn full_house(policy: Policy) -> (LockFree, Vec<Option<Ticket>>) {
    let mut settings = staffed(groups(&[policy; 2]), (0..AGENTS).map(|_| CAP as u8));
    settings.groups.extend(groups(&[policy; 3]).groups);
    let core = opened(&settings, 1);
    let tickets = (0..SEATS).map(|_| Some(seat(&core, 1, slot(0, 0)))).collect();
    (core, tickets)
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(Box::new(7_u64))));
    assert_eq!(counted.count_total, 1);
}

#[test]
fn a_million_operations_of_each_kind_allocate_nothing() {
    for policy in Policy::ALL {
        let (core, mut tickets) = full_house(policy);
        for (name, kind) in KINDS {
            let counted = allocation_counter::measure(|| {
                (0..MILLION).for_each(|turn| kind(&core, &mut tickets, turn));
            });
            assert_eq!(counted.count_total, 0, "{name} under {}", policy.name());
        }
    }
}
