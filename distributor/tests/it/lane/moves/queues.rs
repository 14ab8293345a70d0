//! Queues with a limit, and where conversations go that do not fit.

use model::desk::{Command, Event, Rejection, Target};
use model::id::GroupId;
use model::people::{GroupRules, Presence};
use model::service::{Author, CloseReason, ConversationState};

use super::{CARLA, SERVICE, all_is_well, appear, come, desk, refusal, rule, state};
use crate::lane::walk::names;
use crate::lane::world::{ANA, GROUP, SUSAN, World, address_in};

fn limited(most: u32, overflow: Option<GroupId>) -> GroupRules {
    GroupRules { queue_limit: Some(most), overflow, ..GroupRules::default() }
}

/// How a conversation that finds no place ends.
fn turned_away(world: &mut World, n: usize) -> Option<CloseReason> {
    world.write(&address_in(1, n), "hi");
    world.run();
    match world.events().pop() {
        Some(Event::Closed { by: Author::System, reason, .. }) => Some(reason),
        _ => None,
    }
}

#[test]
fn who_finds_a_queue_full_is_turned_away() {
    let mut world = desk();
    rule(&mut world, (GROUP, 2), true, limited(2, None));
    come(&mut world, 0, 0);
    come(&mut world, 1, 0);
    assert_eq!(turned_away(&mut world, 1), Some(CloseReason::QueueFull));
    all_is_well(&mut world);
    appear(&mut world, &[ANA], Presence::Available);
    assert_eq!(turned_away(&mut world, 1), None, "there is room again");
    all_is_well(&mut world);
}

#[test]
fn a_full_queue_flows_over() {
    let mut world = desk();
    rule(&mut world, (GROUP, 2), true, limited(1, Some(SERVICE)));
    rule(&mut world, (SERVICE, 2), true, limited(1, Some(GROUP)));
    come(&mut world, 0, 0);
    let over = come(&mut world, 1, 0);
    assert_eq!(world.open(&address_in(1, 0)).group, Some(SERVICE));
    assert_eq!(turned_away(&mut world, 1), Some(CloseReason::QueueFull), "round and round");
    appear(&mut world, &[CARLA], Presence::Available);
    assert_eq!(state(&mut world, over), (ConversationState::Assigned, Some(CARLA)));
    all_is_well(&mut world);
}

#[test]
fn a_group_without_a_queue_takes_whom_an_agent_is_free_for() {
    let mut world = desk();
    rule(&mut world, (GROUP, 2), true, limited(0, None));
    assert_eq!(turned_away(&mut world, 0), Some(CloseReason::QueueFull));
    appear(&mut world, &[ANA], Presence::Available);
    let taken = [come(&mut world, 0, 0), come(&mut world, 1, 0)];
    for conversation in taken {
        assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(ANA)));
    }
    assert_eq!(turned_away(&mut world, 1), Some(CloseReason::QueueFull));
    all_is_well(&mut world);
}

#[test]
fn who_was_taken_once_is_not_sent_away() {
    let mut world = desk();
    let (first, second) = (come(&mut world, 0, 0), come(&mut world, 1, 0));
    rule(&mut world, (GROUP, 2), true, limited(1, None));
    for conversation in [first, second] {
        assert_eq!(state(&mut world, conversation), (ConversationState::Queued, None));
    }
    rule(&mut world, (SERVICE, 2), true, limited(0, None));
    let to = Target::Group(SERVICE);
    let note = String::new();
    let wish = Command::Reassign { conversation: first, to, note };
    assert_eq!(refusal(&mut world, SUSAN, wish), Some(Rejection::QueueFull));
    all_is_well(&mut world);
}

#[test]
fn who_comes_to_an_inactive_group_goes_where_it_flows_over() {
    let mut world = desk();
    rule(&mut world, (GROUP, 2), false, GroupRules::default());
    assert_eq!(turned_away(&mut world, 0), Some(CloseReason::GroupClosed));
    let over = GroupRules { overflow: Some(SERVICE), ..GroupRules::default() };
    rule(&mut world, (GROUP, 3), false, over);
    come(&mut world, 1, 0);
    let opening = world.records().pop().unwrap();
    assert_eq!(names(&opening.events), ["opened", "received", "sent", "queued"]);
    assert_eq!(world.open(&address_in(1, 0)).group, Some(SERVICE));
    all_is_well(&mut world);
}
