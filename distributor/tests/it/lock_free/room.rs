//! A core with no more room: whoever came last is refused, everybody else goes on.

use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Audit, Cancelled, Freed, LockFree, SeatKind, SeatOutcome, Sizes,
};
use model::id::{GroupId, UserId};
use model::people::{Policy, Presence};
use storage::port::Bell;

use super::world::{World, lane, slot};

/// Room for exactly two groups and two agents, and settings that name so many of each.
fn core(groups: usize, agents: usize) -> LockFree {
    let settings = World::new(&vec![Policy::Circular; groups], &vec![1; agents]).settings;
    let sizes = Sizes { agents: 2, groups: 2, slots: 4 };
    let core = LockFree::new(vec![Bell::new(), Bell::new()], 1, sizes);
    core.edit(&settings);
    settings.users.keys().for_each(|user| core.presence(*user, Presence::Available));
    core
}

fn seated(core: &LockFree, group: u32, n: u32) -> Option<UserId> {
    match core.arrive(GroupId(group), slot(n), i64::from(n)) {
        Arrival::Seated(seat) => {
            let agent = seat.ticket.agent();
            core.free(seat.ticket, Duration::ZERO);
            Some(agent)
        }
        Arrival::Waiting => None,
    }
}

#[test]
fn as_many_as_it_was_told_find_room() {
    let core = core(2, 2);
    let of_group = |group| [0, 1].map(|n| seated(&core, group, n));
    assert_eq!(of_group(1), [Some(UserId(1)), Some(UserId(2))]);
    assert_eq!(of_group(2), [Some(UserId(1)), Some(UserId(2))]);
}

#[test]
fn what_comes_to_a_group_without_room_waits_until_it_is_cancelled() {
    let core = core(3, 2);
    assert_eq!(seated(&core, 3, 0), None);
    assert_eq!(seated(&core, 99, 1), None, "nor for one nobody named");
    assert_eq!((core.position(slot(0)), core.position(slot(1))), (Some(1), Some(2)));
    assert_eq!(core.explain_arrival(GroupId(3)), None);
    assert_eq!(seated(&core, 2, 2), Some(UserId(1)));
    assert_eq!(core.audit(), Audit::default());
    assert_eq!(core.cancel(slot(0)), Cancelled::Cancelled);
    assert_eq!(core.position(slot(1)), Some(1));
}

#[test]
fn an_agent_without_room_is_not_there() {
    let core = core(2, 3);
    let outcome = core.seat(UserId(3), slot(0), 0, SeatKind::Owner);
    assert_eq!(outcome, SeatOutcome::NotAvailable);
    core.presence(UserId(77), Presence::Available);
    let Arrival::Seated(seat) = core.arrive(GroupId(1), slot(0), 0) else { unreachable!() };
    assert!(seated(&core, 1, 1).is_some());
    core.presence(UserId(2), Presence::Offline);
    assert_eq!(seated(&core, 1, 2), None);
    assert_eq!(core.free(seat.ticket, Duration::ZERO), Freed::HandedOver);
    assert_eq!(core.ready(lane(0)).unwrap().slot, slot(2));
}

#[test]
fn who_waits_in_a_group_without_room_stays_there_when_asked_for_by_name() {
    for kind in [SeatKind::Owner, SeatKind::Reassign, SeatKind::Back] {
        let core = core(3, 2);
        assert_eq!(seated(&core, 3, 0), None);
        assert_eq!(core.seat(UserId(1), slot(0), 0, kind), SeatOutcome::NotAvailable, "{kind:?}");
        assert_eq!(core.position(slot(0)), Some(1));
        assert_eq!(core.audit(), Audit::default());
        assert_eq!(seated(&core, 1, 1), Some(UserId(1)), "his seat is there");
    }
}
