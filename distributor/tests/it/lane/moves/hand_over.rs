//! A seat freed in one lane goes to the conversation that waits in another.

use std::sync::Arc;
use std::time::Duration;

use distributor::assign::Slot;
use model::desk::{Cause, Event, Why};
use model::id::LaneId;
use model::people::Presence;
use model::service::ConversationState;
use parking_lot::Mutex;

use crate::lane::walk::names;
use crate::lane::world::{ANA, SUSAN, World, address_in};

/// Ana is full with conversations of lane 0, and one waits in lane 1.
fn crowded() -> World {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    world.run();
    for n in 0..2 {
        world.write(&address_in(0, n), "hi");
    }
    world.run();
    world.write(&address_in(1, 0), "hi");
    world.run();
    assert_eq!(world.open(&address_in(1, 0)).state, ConversationState::Queued);
    world
}

#[test]
fn a_seat_freed_in_one_lane_is_handed_to_a_waiter_of_another() {
    let mut world = crowded();
    world.advance(Duration::from_secs(30));
    let (ending, waiting) = (world.open(&address_in(0, 0)).id, world.open(&address_in(1, 0)).id);
    world.close(ANA, ending);
    world.run();
    let records = world.records();
    let [closed, assigned] = &records[records.len() - 2..] else { unreachable!() };
    assert_eq!((names(&closed.events), closed.lane.get()), (vec!["closed"], 0));
    assert_eq!((assigned.cause, assigned.lane.get()), (Cause::HandOver(waiting), 1));
    let [Event::Assigned(to)] = &assigned.events[..] else { unreachable!() };
    assert_eq!((to.agent, to.why, to.waited), (ANA, Why::FreedSeat, Duration::from_secs(30)));
    assert_eq!(world.tenure().core.audit(), Default::default());
}

#[test]
fn the_freeing_record_stands_before_the_seat_is_sold_again() {
    let mut world = crowded();
    let ending = world.open(&address_in(0, 0)).id;
    world.close(ANA, ending);
    assert!(!world.turn(1), "nothing was freed yet");
    assert!(world.turn(0));
    assert_eq!(names(&world.events()).pop(), Some("closed"));
    assert!(world.turn(1));
    assert_eq!(names(&world.events()).pop(), Some("assigned"));
}

#[test]
fn a_seat_is_freed_only_after_its_record_was_handed_over() {
    let mut world = crowded();
    let ending = world.open(&address_in(0, 0)).id;
    let (core, slot) =
        (world.tenure().core.clone(), Slot { lane: LaneId::new(1).unwrap(), index: 0 });
    let places = Arc::new(Mutex::new(Vec::new()));
    let seen = places.clone();
    world.log.watch_appends(move || seen.lock().push(core.position(slot)));
    world.close(ANA, ending);
    world.turn(0);
    assert_eq!(*places.lock(), [Some(1)], "it still waited when the record was handed over");
    assert_eq!(world.tenure().core.position(slot), None, "then the seat was handed to it");
}

#[test]
fn an_agent_who_pauses_in_between_does_not_get_the_conversation() {
    let mut world = crowded();
    let ending = world.open(&address_in(0, 0)).id;
    world.close(ANA, ending);
    world.turn(0);
    world.appear(ANA, Presence::Paused);
    world.turn(0);
    world.run();
    assert_eq!(world.open(&address_in(1, 0)).state, ConversationState::Queued);
    assert_eq!(world.tenure().core.audit(), Default::default());
    world.appear(ANA, Presence::Available);
    world.run();
    assert_eq!(world.open(&address_in(1, 0)).state, ConversationState::Assigned);
}

#[test]
fn a_conversation_closed_as_it_is_handed_a_seat_passes_it_on() {
    let mut world = crowded();
    world.write(&address_in(1, 1), "me too");
    world.run();
    let (ending, waiting) = (world.open(&address_in(0, 0)).id, world.open(&address_in(1, 0)).id);
    world.close(ANA, ending);
    world.turn(0);
    world.close(SUSAN, waiting);
    world.run();
    let last = names(&world.events()).split_off(17);
    assert_eq!(last, ["closed", "assigned", "closed", "assigned"]);
    assert_eq!(world.open(&address_in(1, 1)).agent, Some(ANA));
    assert_eq!(world.tenure().core.audit(), Default::default());
}
