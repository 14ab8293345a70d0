//! A wall clock that is set: over a restart the node's clock begins anew, perhaps earlier.

use std::sync::Arc;
use std::time::Duration;

use model::people::Presence;
use model::service::ConversationState;
use model::time::{Clock, ManualClock};

use crate::lane::walk::names;
use crate::lane::world::{ANA, CHANNEL, World, address_in};

#[test]
fn f15_a_clock_set_back_over_a_restart_reorders_nothing_and_forgets_nothing() {
    let mut world = World::new();
    let first = world.write(&address_in(0, 0), "hi");
    world.run();
    let hour = Duration::from_secs(3_600);
    world.tenure = None;
    world.plan.clock = Arc::new(ManualClock::at(world.clock.now() - hour));
    world.begin();
    world.write(&address_in(0, 1), "hi");
    world.deliver(CHANNEL, &address_in(0, 0), &first, "hi");
    world.run();
    let keys = [0, 1].map(|n| world.open(&address_in(0, n)).queue_key);
    assert!(keys[0] < keys[1], "who came later waits behind: {keys:?}");
    let ids = [0, 1].map(|n| world.open(&address_in(0, n)).id);
    assert!(ids[0] < ids[1], "ids stay in order");
    let times: Vec<_> = world.records().iter().map(|record| record.at).collect();
    assert!(times.is_sorted(), "lane time never goes back: {times:?}");
    assert_eq!(names(&world.events()).last(), Some(&"duplicate"), "C2 does not run out");
    world.appear(ANA, Presence::Available);
    world.run();
    let states = [0, 1].map(|n| world.open(&address_in(0, n)).state);
    assert_eq!(states, [ConversationState::Assigned; 2]);
}

#[test]
fn f15_a_clock_set_on_over_a_restart_ends_nothing() {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    let first = world.write(&address_in(0, 0), "hi");
    world.run();
    let before = world.open(&address_in(0, 0));
    // What stands in the log is as old as it was: only its own time says how late it is.
    world.tenure = None;
    world.plan.clock = Arc::new(ManualClock::at(world.clock.now() + Duration::from_secs(3_600)));
    world.begin();
    world.deliver(CHANNEL, &address_in(0, 0), &first, "hi");
    world.run();
    assert_eq!(world.open(&address_in(0, 0)), before);
    let happened = names(&world.events());
    assert!(happened.contains(&"duplicate"), "{happened:?}");
    assert!(!happened.contains(&"closed") && !happened.contains(&"moved"), "{happened:?}");
}
