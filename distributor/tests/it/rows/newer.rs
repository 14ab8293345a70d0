//! Records of a newer release, met by this one.

use bytes::Bytes;
use distributor::shard::{Tenure, TenureError};
use model::desk::DeadReason;
use model::service::ConversationState;
use storage::port::{Log, Partition, Topic};

use crate::lane::world::{World, address_in};

/// The newest record of a partition with the kind of a newer release, which must be understood.
fn newer(world: &World, partition: Partition) -> Bytes {
    let mut read = Vec::new();
    world.log.read(partition, 0, usize::MAX, &mut read).unwrap();
    let mut bytes = read.pop().unwrap().bytes.to_vec();
    // Of the header: the kind, and the number in its epoch, one higher.
    (bytes[3], bytes[23]) = (200, bytes[23] + 1);
    bytes.into()
}

#[test]
fn f50_an_input_of_a_newer_release_is_kept_whole_and_the_lane_goes_on() {
    let mut world = World::new();
    let inbound = Partition::new(Topic::Inbound, 0);
    world.write(&address_in(0, 0), "hi");
    let bytes = newer(&world, inbound);
    world.append(inbound, bytes.clone());
    world.write(&address_in(0, 1), "hi");
    world.run();
    let [dead] = &world.dead()[..] else { panic!("one dead letter") };
    assert_eq!((dead.reason, &dead.bytes), (DeadReason::Undecodable, &bytes));
    assert!(dead.detail.contains("a newer release is needed"), "{}", dead.detail);
    assert_eq!(world.open(&address_in(0, 1)).state, ConversationState::Queued);
}

#[test]
fn f50_an_event_of_a_newer_release_stops_the_shard_before_it_writes() {
    let mut world = World::new();
    let events = Partition::new(Topic::Events, 0);
    world.write(&address_in(0, 0), "hi");
    world.run();
    world.tenure = None;
    let end = world.log.bounds(events).unwrap().end;
    let bytes = newer(&world, events);
    world.append(events, bytes);
    for attempt in [8, 9] {
        match Tenure::begin(&world.plan, attempt) {
            Err(TenureError::Undecodable { partition, offset, .. }) => {
                assert_eq!((partition, offset), (events, end));
            }
            other => panic!("{:?}", other.map(|tenure| tenure.epoch)),
        }
    }
    assert_eq!(world.log.bounds(events).unwrap().end, end + 1, "no claim was written");
}
