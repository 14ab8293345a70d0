//! A freed seat reaches a conversation that waits, or is undone.

use distributor::assign::{Audit, Cancelled, Freed, Requeued};
use model::id::GroupId;
use model::people::{Policy, Presence};

use super::world::{World, slot};

/// One agent with one seat, taken by slot 0; slots 1 and 2 wait, and 1 is being handed the seat.
fn handed() -> World {
    let mut world = World::new(&[Policy::Circular], &[1]);
    assert_eq!(world.arrive(1, 0), Some(1));
    assert_eq!((world.arrive(1, 1), world.arrive(1, 2)), (None, None));
    assert_eq!(world.free(0), Freed::HandedOver);
    world
}

#[test]
fn a_freed_seat_goes_to_the_oldest_waiter_whatever_its_lane() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    world.arrive(1, 0);
    world.arrive_at(1, 2, 30);
    world.arrive_at(1, 101, 20);
    world.arrive_at(1, 1, 25);
    assert_eq!(world.free(0), Freed::HandedOver);
    assert_eq!(world.ready(0), None);
    assert_eq!(world.ready(1), Some((slot(101), 1)));
    assert_eq!(world.free(101), Freed::HandedOver);
    assert_eq!(world.ready(0), Some((slot(1), 1)));
    assert_eq!(world.free(1), Freed::HandedOver);
    assert_eq!(world.ready(0), Some((slot(2), 1)));
    assert_eq!(world.free(2), Freed::Released);
}

#[test]
fn equal_keys_are_served_by_lane_then_slot() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    world.arrive(1, 0);
    for n in [101, 100, 7, 5] {
        world.arrive_at(1, n, 9);
    }
    let mut last = 0;
    let mut order = Vec::new();
    while world.free(last) == Freed::HandedOver {
        let (at, _) = world.drain()[0];
        last = u32::from(at.lane.get()) * 100 + at.index;
        order.push(last);
    }
    assert_eq!(order, [5, 7, 100, 101]);
}

#[test]
fn a_freed_seat_goes_to_the_least_key_over_the_groups_of_its_agent() {
    let mut world = World::new(&[Policy::Circular; 3], &[1, 1]);
    world.edit_user(1, |user| user.groups.truncate(2));
    world.presence(2, Presence::Paused);
    world.arrive(1, 0);
    world.arrive_at(1, 1, 50);
    world.arrive_at(2, 2, 40);
    world.arrive_at(3, 3, 10);
    world.free(0);
    assert_eq!(world.ready(0), Some((slot(2), 1)), "group 3 is not his");
    assert_eq!(world.last.unwrap().3, GroupId(2));
}

#[test]
fn equal_keys_of_two_groups_are_served_by_lane_then_slot() {
    let mut world = World::new(&[Policy::Circular; 3], &[1]);
    world.arrive(1, 0);
    world.arrive_at(1, 101, 9);
    world.arrive_at(2, 8, 9);
    world.arrive_at(3, 7, 9);
    world.free(0);
    assert_eq!(world.drain(), [(slot(7), 1)]);
    world.free(7);
    assert_eq!(world.drain(), [(slot(8), 1)]);
}

#[test]
fn a_newcomer_does_not_get_a_seat_that_is_on_its_way() {
    let mut world = handed();
    assert_eq!(world.arrive(1, 3), None);
    assert_eq!(world.position(1), None, "handed over is not waiting");
    assert_eq!((world.position(2), world.position(3)), (Some(1), Some(2)));
    assert_eq!(world.drain(), [(slot(1), 1)]);
}

#[test]
fn whoever_leaves_during_a_hand_over_does_not_get_it() {
    let leaves: [fn(&mut World); 6] = [
        |world| world.presence(1, Presence::Paused),
        |world| world.presence(1, Presence::Offline),
        |world| world.cap(1, 0),
        |world| world.edit_user(1, |user| user.groups.clear()),
        |world| world.edit_user(1, |user| user.groups[0].receives = false),
        |world| world.edit_user(1, |user| user.active = false),
    ];
    for (n, leave) in leaves.iter().enumerate() {
        let mut world = handed();
        leave(&mut world);
        assert_eq!(world.ready(0), None, "case {n}");
        assert_eq!((world.position(1), world.position(2)), (Some(1), Some(2)), "case {n}");
        assert_eq!(world.core.audit(), Audit::default(), "case {n}");
    }
}

#[test]
fn a_cap_that_went_up_and_down_during_a_hand_over_still_holds() {
    let mut world = handed();
    world.cap(1, 2);
    world.cap(1, 1);
    assert_eq!(world.drain().len(), 1, "of the two under way");
    assert_eq!(world.core.audit(), Audit::default());
}

#[test]
fn an_undone_hand_over_goes_to_another_agent_who_is_free() {
    let mut world = World::new(&[Policy::Circular], &[1, 1]);
    world.presence(2, Presence::Paused);
    world.arrive(1, 0);
    world.arrive(1, 1);
    world.free(0);
    world.presence(1, Presence::Paused);
    world.presence(2, Presence::Available);
    assert_eq!(world.ready(0), Some((slot(1), 2)));
}

#[test]
fn an_undone_hand_over_goes_on_when_its_agent_has_nothing_to_do_with_the_group_any_more() {
    let mut world = World::new(&[Policy::Circular], &[1, 1]);
    world.presence(2, Presence::Paused);
    world.arrive(1, 0);
    world.arrive(1, 1);
    world.free(0);
    world.leave(1, 1);
    world.presence(2, Presence::Available);
    assert_eq!(world.ready(0), Some((slot(1), 2)));
}

#[test]
fn an_undone_hand_over_gives_the_seat_to_another_line_of_its_agent() {
    let mut world = World::new(&[Policy::Circular; 2], &[1]);
    world.arrive(1, 0);
    world.arrive_at(1, 1, 1);
    world.arrive_at(2, 102, 2);
    world.free(0);
    world.leave(1, 1);
    assert_eq!(world.ready(0), None);
    assert_eq!(world.position(1), Some(1));
    assert_eq!(world.ready(1), Some((slot(102), 1)));
}

#[test]
fn a_conversation_that_ends_during_its_hand_over_frees_the_seat_on() {
    let mut world = handed();
    assert_eq!(world.cancel(1), Cancelled::Freed);
    assert_eq!(world.drain(), [(slot(2), 1)]);
    assert_eq!(world.cancel(1), Cancelled::NotWaiting);
    assert_eq!(world.free(2), Freed::Released);
    assert_eq!(world.core.audit(), Audit::default());
}

#[test]
fn a_conversation_that_ends_while_waiting_leaves_its_line() {
    let mut world = handed();
    world.arrive(1, 3);
    assert_eq!(world.cancel(2), Cancelled::Cancelled);
    assert_eq!(world.position(3), Some(1));
    world.drain();
    world.free(1);
    assert_eq!(world.drain(), [(slot(3), 1)]);
}

#[test]
fn a_resale_does_not_move_the_cursor() {
    let mut world = World::new(&[Policy::Circular], &[1, 1, 2]);
    world.presence(2, Presence::Paused);
    assert_eq!((world.arrive(1, 0), world.arrive(1, 1)), (Some(1), Some(3)));
    assert_eq!((world.arrive(1, 2), world.arrive(1, 3)), (Some(3), None));
    world.free(0);
    assert_eq!(world.drain(), [(slot(3), 1)]);
    world.free(1);
    world.free(3);
    world.presence(2, Presence::Available);
    assert_eq!(world.arrive(1, 4), Some(1), "after 3, the last reserved on arrival");
}

#[test]
fn a_waiting_conversation_moves_to_another_group() {
    let mut world = World::new(&[Policy::Circular; 2], &[1, 1]);
    world.edit_user(1, |user| user.groups.truncate(1));
    world.leave(2, 1);
    world.arrive(1, 0);
    assert_eq!((world.arrive(1, 1), world.arrive(1, 2)), (None, None));
    assert!(matches!(world.requeue(1, 2), Requeued::Seated(seat) if seat.ticket.agent().0 == 2));
    assert_eq!(world.position(2), Some(1));
    assert_eq!(world.requeue(2, 2), Requeued::Waiting);
    world.free(0);
    assert_eq!(world.drain(), [], "nobody waits in group 1 any more");
    let mut world = handed();
    assert_eq!(world.requeue(1, 1), Requeued::HandedOver);
}
