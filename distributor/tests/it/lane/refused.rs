//! What cannot be handled goes to `dead`, and the lane moves on.

use bytes::Bytes;
use model::desk::{Body, DeadReason, Entity, Envelope, Event, Stamped, wire};
use model::id::{ChannelId, LaneId};
use model::limit;
use model::people::Presence;
use model::service::Step;
use storage::port::{Partition, Topic};

use super::walk::names;
use super::world::{ANA, FOREIGN, GROUP, World, address_in, channel, group};

#[test]
fn poison_goes_to_dead_and_the_lane_moves_on() {
    let mut world = World::new();
    let inbound = Partition::new(Topic::Inbound, 0);
    let poison = Bytes::from_static(b"\xff\xfenot a record");
    world.append(inbound, poison.clone());
    world.write(&address_in(0, 0), "hi");
    world.run();
    let want = ["refused", "opened", "received", "sent", "queued"];
    assert_eq!(names(&world.events()), want);
    let dead = world.dead();
    assert_eq!((dead.len(), dead[0].reason), (1, DeadReason::Undecodable));
    assert_eq!((dead[0].origin.as_str(), &dead[0].bytes), ("inbound/0@0", &poison));
    world.crash();
    world.run();
    assert_eq!(world.dead().len(), 1, "handled once");
}

#[test]
fn a_record_in_the_wrong_topic_and_an_oversized_one_are_refused() {
    let mut world = World::new();
    let envelope = Envelope::of_input(Default::default());
    let body = Body::Entity(Entity::Group(group(2)));
    let entity = wire::encode(&Stamped { envelope, body });
    world.append(Partition::new(Topic::Commands, 1), entity.clone());
    world.append(Partition::new(Topic::Control, 0), entity);
    let huge = Bytes::from(vec![0; limit::RECORD_BYTES]);
    world.append(Partition::new(Topic::Inbound, 1), huge);
    world.run();
    assert_eq!(names(&world.events()), ["refused"; 3]);
    let dead = world.dead();
    assert!(dead.iter().all(|dead| dead.reason == DeadReason::Undecodable));
    let kept = dead.iter().map(|dead| dead.bytes.len()).max().unwrap();
    assert!(kept > limit::RECORD_BYTES / 2 && kept < limit::RECORD_BYTES);
}

#[test]
fn a_sealed_record_is_refused_until_there_are_keys() {
    let mut world = World::new();
    let envelope = Envelope { key: 3, ..Envelope::of_input(Default::default()) };
    let body = Body::Entity(Entity::Group(group(2)));
    world.append(Partition::SETTINGS, wire::encode(&Stamped { envelope, body }));
    world.run();
    assert_eq!(names(&world.events()), ["refused"]);
}

#[test]
fn a_message_of_an_unknown_or_foreign_channel_dangles() {
    let mut world = World::new();
    world.deliver(ChannelId(404), "551", "m1", "hi");
    world.deliver(FOREIGN, "551", "m2", "hi");
    world.run();
    let refused = Event::InputRefused { reason: DeadReason::Dangling };
    assert_eq!(world.events(), [refused.clone(), refused]);
    assert!(world.dead().iter().all(|dead| dead.reason == DeadReason::Dangling));
}

#[test]
fn a_message_waits_for_a_channel_whose_settings_are_still_to_be_read() {
    let mut world = World::new();
    let late = ChannelId(5);
    let place = world.plan.place;
    let address = (0..)
        .map(|n| format!("55{n}"))
        .find(|a| place.of_address(world.plan.shard, late, a).index() == 1)
        .unwrap();
    world.entity(Entity::Channel(channel(late, 1, vec![Step::Route(GROUP)])));
    world.deliver(late, &address, "m1", "hi");
    assert!(!world.turn(1), "lane 0 has not read the channel yet");
    world.turn(0);
    assert!(world.turn(1));
    assert_eq!(names(&world.events()), ["opened", "received", "queued"]);
    assert!(world.dead().is_empty());
}

#[test]
fn a_void_entity_changes_nothing_and_is_passed() {
    let mut world = World::new();
    let late = group(1);
    world.entity(Entity::Group(model::people::Group { active: false, ..late }));
    world.run();
    world.appear(ANA, Presence::Available);
    world.write(&address_in(0, 0), "hi");
    world.run();
    assert!(names(&world.events()).contains(&"assigned"), "the group still takes conversations");
    let fold = world.refold();
    assert_eq!((fold.settings_next, fold.lanes[&LaneId::FIRST].progress.settings()), (11, 11));
}

#[test]
fn a_refused_entity_is_not_in_force_after_a_restart_either() {
    let mut world = World::new();
    let name = "x".repeat(limit::INPUT_BYTES);
    let void = model::people::Group { active: false, name, ..group(2) };
    world.entity(Entity::Group(void));
    world.run();
    assert_eq!(names(&world.events()), ["refused"]);
    world.crash();
    world.write(&address_in(0, 0), "hi");
    world.appear(ANA, Presence::Available);
    world.run();
    assert!(names(&world.events()).contains(&"assigned"), "the group is still active");
}
