//! What makes no sense, or comes too late: refused by a value, or nothing at all; no seat is lost.

use std::sync::Arc;
use std::time::Duration;

use distributor::assign::{Arrival, Assign, Audit, Cancelled, Freed, SeatKind, Slot};
use model::id::{GroupId, UserId};
use model::people::{Cap, Policy, Presence};
use storage::port::Bell;

use super::shared;
use super::world::{ByName, World, group, lane, slot};

/// Nothing is wrong, and so many seats are taken.
fn sound(world: &World, seats: usize) {
    assert_eq!(world.core.audit(), Audit::default());
    assert_eq!(world.held.len(), seats);
}

#[test]
fn a_cap_above_80_is_refused_before_it_reaches_a_core() {
    assert!(Cap::new(81).is_err() && Cap::new(u32::MAX).is_err());
    assert_eq!(Cap::new(80).unwrap().get(), 80);
}

#[test]
fn an_unknown_agent_is_not_available_and_his_presence_changes_nothing() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    for presence in [Presence::Available, Presence::Paused, Presence::Offline] {
        world.presence(77, presence);
        for kind in [SeatKind::Owner, SeatKind::Back, SeatKind::Transfer { paused_ok: true }] {
            assert_eq!(world.by_name(77, 0, kind), ByName::NotAvailable);
        }
    }
    assert_eq!((world.arrive(1, 0), world.arrive(1, 1)), (Some(1), None));
    sound(&world, 1);
}

#[test]
fn an_agent_without_a_group_is_chosen_by_nobody() {
    let mut world = World::new(&[Policy::Circular], &[]);
    world.edit(|settings| {
        settings.users.insert(UserId(1), super::world::agent(1, 1, &[]));
    });
    world.presence(1, Presence::Available);
    assert_eq!(world.arrive(1, 0), None);
    assert_eq!(world.by_name(1, 1, SeatKind::Owner), ByName::NotAvailable, "through which group?");
    world.join(1, 1);
    assert_eq!(world.drain(), [(slot(0), 1)]);
    sound(&world, 1);
}

#[test]
fn an_empty_group_and_one_nobody_named_keep_who_comes_until_somebody_is_there() {
    let mut world = World::new(&[Policy::Random], &[1, 1]);
    world.edit(|settings| drop(settings.groups.insert(GroupId(2), group(2, Policy::LeastTime))));
    assert_eq!((world.arrive(2, 0), world.arrive(9, 1)), (None, None));
    assert_eq!((world.position(0), world.position(1)), (Some(1), Some(1)));
    assert_eq!(world.core.explain(slot(0)).unwrap().passed, []);
    world.join(1, 2);
    world.join(2, 9);
    world.edit(|settings| drop(settings.groups.insert(GroupId(9), group(9, Policy::Circular))));
    let mut served = world.drain();
    served.sort();
    assert_eq!(served, [(slot(0), 1), (slot(1), 2)]);
    sound(&world, 2);
}

#[test]
fn a_cap_of_zero_is_full_by_name_too() {
    let mut world = World::new(&[Policy::Circular], &[0]);
    assert_eq!(world.by_name(1, 0, SeatKind::Owner), ByName::Full);
    assert_eq!(world.by_name(1, 0, SeatKind::Transfer { paused_ok: true }), ByName::Full);
    assert_eq!(world.by_name(1, 0, SeatKind::Back), ByName::Waiting);
    world.cap(1, 1);
    assert_eq!(world.drain(), [(slot(0), 1)]);
    sound(&world, 1);
}

#[test]
fn a_pause_of_a_paused_agent_changes_nothing() {
    let mut world = World::new(&[Policy::Circular], &[2]);
    world.arrive(1, 0);
    for _ in 0..3 {
        world.presence(1, Presence::Paused);
    }
    assert_eq!((world.arrive(1, 1), world.load(UserId(1))), (None, 1));
    assert_eq!(world.free(0), Freed::Released);
    for _ in 0..3 {
        world.presence(1, Presence::Available);
    }
    assert_eq!(world.drain(), [(slot(1), 1)]);
    sound(&world, 1);
}

#[test]
fn a_cancel_after_the_assignment_finds_nobody_waiting_and_takes_no_seat() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    assert_eq!(world.cancel(5), Cancelled::NotWaiting, "never came");
    world.arrive(1, 0);
    world.arrive(1, 1);
    assert_eq!(world.cancel(0), Cancelled::NotWaiting);
    assert_eq!(world.free(0), Freed::HandedOver);
    assert_eq!(world.drain(), [(slot(1), 1)]);
    assert_eq!(world.cancel(1), Cancelled::NotWaiting);
    sound(&world, 1);
    assert_eq!(world.free(1), Freed::Released);
}

#[test]
fn edits_that_race_with_everything_lose_no_seat() {
    const LANES: u8 = 2;
    let bells: Vec<Arc<Bell>> = (0..LANES).map(|_| Bell::new()).collect();
    let core = shared(bells, 8);
    let world = World::new(&[Policy::Circular, Policy::LeastCount], &[1, 2, 3]);
    core.edit(&world.settings);
    std::thread::scope(|scope| {
        for of in 0..LANES {
            let core = &core;
            scope.spawn(move || {
                for round in 0..2_000_u32 {
                    let at = Slot { lane: lane(of), index: round % 8 };
                    if let Arrival::Seated(seat) = core.arrive(GroupId(1 + round % 3), at, 0) {
                        core.free(seat.ticket, Duration::from_secs(9));
                    }
                    core.cancel(at);
                    while let Some(confirmed) = core.ready(lane(of)) {
                        core.free(confirmed.seat.ticket, Duration::ZERO);
                    }
                }
            });
        }
        for round in 0..300_u32 {
            let mut settings = world.settings.clone();
            match round % 4 {
                0 => drop(settings.groups.remove(&GroupId(1))),
                1 => drop(settings.users.remove(&UserId(1 + round % 3))),
                2 => settings.users.values_mut().for_each(|user| user.groups.clear()),
                _ => settings.users.values_mut().for_each(|user| user.cap = Cap::new(0).unwrap()),
            }
            core.edit(&settings);
            core.presence(UserId(1 + round % 4), Presence::Available);
            core.edit(&world.settings);
        }
    });
    while (0..LANES).any(|of| {
        let confirmed = core.ready(lane(of)).map(|c| core.free(c.seat.ticket, Duration::ZERO));
        confirmed.is_some()
    }) {}
    assert_eq!(core.audit(), Audit::default());
    (1..=3).for_each(|id| core.presence(UserId(id), Presence::Available));
    let seats = (0..6).map(|index| core.arrive(GroupId(1), Slot { lane: lane(0), index }, 0));
    let all: Vec<Arrival> = seats.collect();
    assert!(all.iter().all(|came| matches!(came, Arrival::Seated(_))), "six seats: {all:?}");
}
