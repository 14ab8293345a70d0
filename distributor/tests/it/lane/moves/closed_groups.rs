//! A group is made inactive while conversations wait for it: none is left behind.

use distributor::assign::Sizes;
use model::desk::{Cause, Entity, Event, MoveKind, Sweep};
use model::id::ConversationId;
use model::limit;
use model::people::{Group, GroupRules, Presence};
use model::service::{Author, CloseReason, ConversationState};

use super::{CARLA, SERVICE, all_is_well, appear, come, desk, rule, state};
use crate::lane::walk::names;
use crate::lane::world::{ANA, GROUP, World, address_in, group};

fn over() -> GroupRules {
    GroupRules { overflow: Some(SERVICE), ..GroupRules::default() }
}

/// Conversations that wait for the group, some in each lane.
fn waiting(world: &mut World, many: usize) -> Vec<ConversationId> {
    (0..many).map(|n| come(world, (n % 2) as u8, n / 2)).collect()
}

fn keys(world: &World) -> Vec<i64> {
    let shard = world.refold();
    let open = shard.lanes.values().flat_map(|lane| lane.conversations.values());
    let mut keys: Vec<i64> = open.map(|open| open.queue_key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn who_waits_goes_where_the_group_flows_over_and_keeps_his_place() {
    let mut world = desk();
    let waiting = waiting(&mut world, 6);
    let before = keys(&world);
    rule(&mut world, (GROUP, 2), false, over());
    assert_eq!(keys(&world), before);
    for conversation in waiting {
        assert_eq!(state(&mut world, conversation), (ConversationState::Queued, None));
        let cause = Cause::Sweep(Sweep::GroupClosed { group: GROUP, conversation });
        let records = world.records();
        let record = records.iter().find(|record| record.cause == cause).unwrap();
        let [Event::Moved(moved), Event::Queued(queued)] = &record.events[..] else {
            panic!("{record:?}")
        };
        assert_eq!((moved.kind, moved.by), (MoveKind::Redirect, Author::System));
        assert_eq!((queued.group, queued.agent), (SERVICE, None));
    }
    all_is_well(&mut world);
    appear(&mut world, &[CARLA], Presence::Available);
    all_is_well(&mut world);
}

#[test]
fn who_waits_is_told_the_end_where_there_is_nowhere_to_go() {
    let mut world = desk();
    let waiting = waiting(&mut world, 3);
    rule(&mut world, (GROUP, 2), false, GroupRules::default());
    for conversation in waiting {
        assert_eq!(state(&mut world, conversation).0, ConversationState::Closed);
    }
    let ends = world.events();
    let ends = ends
        .iter()
        .filter(|event| matches!(event, Event::Closed { reason: CloseReason::GroupClosed, .. }));
    assert_eq!(ends.count(), 3);
    all_is_well(&mut world);
}

#[test]
fn agents_keep_what_they_have() {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    rule(&mut world, (GROUP, 2), false, over());
    assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(ANA)));
    all_is_well(&mut world);
}

/// A lane with room for 128 conversations takes two at a time.
#[test]
fn a_sweep_goes_on_in_steps_and_after_a_restart() {
    let mut world = desk();
    world.plan.sizes = Sizes { slots: 128, ..world.plan.sizes };
    world.crash();
    let waiting = waiting(&mut world, 10);
    world.entity(Entity::Group(Group { active: false, rules: over(), ..group(2) }));
    world.turn(0);
    world.turn(0);
    assert_eq!(moved(&world), 2, "one step");
    world.crash();
    world.turn(0);
    assert_eq!(moved(&world), 4, "the next one");
    world.run();
    assert_eq!(moved(&world), 10);
    for conversation in waiting {
        assert_eq!(state(&mut world, conversation), (ConversationState::Queued, None));
    }
    all_is_well(&mut world);
}

#[test]
fn a_group_opened_again_keeps_who_is_left() {
    let mut world = desk();
    let waiting = waiting(&mut world, 4);
    rule(&mut world, (GROUP, 2), false, over());
    rule(&mut world, (GROUP, 3), true, over());
    appear(&mut world, &[ANA], Presence::Available);
    for conversation in waiting {
        assert_eq!(state(&mut world, conversation), (ConversationState::Queued, None));
    }
    all_is_well(&mut world);
    assert_eq!(names(&world.events()).iter().filter(|name| **name == "moved").count(), 4);
}

fn moved(world: &World) -> usize {
    names(&world.events()).iter().filter(|name| **name == "moved").count()
}

/// Inputs are handled between two steps, whatever waits.
#[test]
fn thousands_are_swept_in_steps_and_nobody_is_left_behind() {
    const MANY: usize = 2_000;
    let mut world = desk();
    for n in 0..MANY {
        world.write(&format!("5511{n:07}"), "hi");
    }
    world.run();
    let closing = Group { active: false, rules: over(), ..group(2) };
    world.entity(Entity::Group(closing));
    world.turn(0);
    let mut turns = 0;
    while moved(&world) < MANY {
        let before = moved(&world);
        let (message, lane) = (world.write(&address_in(turns % 2, 0), "well?"), turns % 2);
        assert!(world.turn(usize::from(lane)), "at rest with {before} moved");
        assert!(moved(&world) - before <= limit::SWEEP_STEP);
        let heard = world.events().into_iter().any(|event| match event {
            Event::MessageReceived { provider_id, .. } => provider_id == message,
            _ => false,
        });
        assert!(heard, "the lane sweeps and hears nothing");
        turns += 1;
    }
    world.run();
    let shard = world.refold();
    let open = shard.lanes.values().flat_map(|lane| lane.conversations.values());
    assert!(open.into_iter().all(|open| open.group != Some(GROUP)));
    all_is_well(&mut world);
}
