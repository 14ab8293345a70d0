//! Wishes of users: obeyed once, answered once, or lawfully refused.

use std::time::Duration;

use model::desk::{Cause, Command, Entity, Event, Rejection};
use model::id::{CommandId, ConversationId, LaneId, ShardId, UserId};
use model::limit::LANE_BATCH;
use model::people::{Presence, UserKind};
use model::service::{CloseReason, Content, ConversationState};

use super::walk::names;
use super::world::{ANA, BEN, SUSAN, World, address_in, user};

/// A world where Ana has a conversation.
fn serving() -> (World, ConversationId) {
    let mut world = World::new();
    let address = address_in(1, 0);
    world.appear(ANA, Presence::Available);
    world.run();
    world.write(&address, "hi");
    world.run();
    let open = world.open(&address).id;
    (world, open)
}

/// How a wish was answered: the rejection, if it was refused.
fn answer(world: &mut World, user: UserId, command: Command) -> Option<Rejection> {
    let id = world.wish(user, command);
    world.run();
    let mut records = world.records();
    records.retain(|record| record.answers == Some((user, id)));
    assert_eq!(records.len(), 1, "exactly one record answers");
    records[0].events.iter().find_map(|event| match event {
        Event::CommandRejected { rejection } => Some(*rejection),
        _ => None,
    })
}

fn send(conversation: ConversationId, text: &str) -> Command {
    Command::Send { conversation, content: Content::Text(text.to_owned()) }
}

#[test]
fn a_repeated_command_has_one_effect_and_one_answer() {
    let (mut world, conversation) = serving();
    let before = world.events().len();
    for _ in 0..3 {
        world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
        world.run();
    }
    world.crash();
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.run();
    assert_eq!(names(&world.events()[before..]), ["sent"]);
    let answers = world.records().into_iter().filter(|r| r.answers == Some((ANA, CommandId(77))));
    assert_eq!(answers.count(), 1);
    world.wish_as(BEN, CommandId(77), send(conversation, "hello"));
    world.run();
    assert_eq!(names(&world.events()[before..]), ["sent", "rejected"], "another user's id");
}

/// Lane time stands still while a message is held, and leaps when it goes on: what was wished
/// meanwhile is known by when it was appended.
#[test]
fn c2_a_repeat_after_a_long_hold_is_known() {
    let mut world = World::unowned();
    world.plan.sizes.slots = 1;
    world.begin();
    let [first, held] = [address_in(1, 0), address_in(1, 1)];
    world.appear(ANA, Presence::Available);
    world.run();
    world.write(&first, "hi");
    world.run();
    world.write(&held, "hi");
    world.run();
    let began = world.records().last().unwrap().at;
    world.advance(Duration::from_secs(80 * 3_600));
    let conversation = world.open(&first).id;
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.run();
    assert_eq!(world.records().last().unwrap().at, began, "lane time stands still");
    world.close(ANA, conversation);
    world.run();
    let next = world.open(&held).id;
    world.say(ANA, next, "hello");
    world.run();
    assert!(world.records().last().unwrap().at > began, "and goes on");
    let before = world.events().len();
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.run();
    world.crash();
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.run();
    assert_eq!(names(&world.events()[before..]), Vec::<&str>::new());
}

/// After an outage `control` is read before `commands`: that must not end what these remember.
#[test]
fn c2_commands_and_presences_are_remembered_apart() {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    world.run();
    world.write(&address_in(0, 0), "hi");
    world.run();
    let conversation = world.open(&address_in(0, 0)).id;
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.run();
    let before = world.events().len();
    world.tenure = None;
    world.advance(Duration::from_secs(3_600));
    world.wish_as(ANA, CommandId(77), send(conversation, "hello"));
    world.advance(Duration::from_secs(30 * 3_600));
    world.appear(BEN, Presence::Paused);
    world.begin();
    world.run();
    assert_eq!(names(&world.events()[before..]), ["presence"]);
}

#[test]
fn only_the_responsible_agent_may_reply() {
    let (mut world, conversation) = serving();
    assert_eq!(answer(&mut world, ANA, send(conversation, "hello")), None);
    for user in [BEN, SUSAN, UserId(404)] {
        let refused = answer(&mut world, user, send(conversation, "hello"));
        assert_eq!(refused, Some(Rejection::NotResponsible));
    }
    let waiting = address_in(0, 0);
    world.appear(ANA, Presence::Paused);
    world.run();
    world.write(&waiting, "hi");
    world.run();
    let waiting = world.open(&waiting).id;
    let refused = answer(&mut world, ANA, send(waiting, "hello"));
    assert_eq!(refused, Some(Rejection::NotResponsible), "nobody is yet");
}

#[test]
fn a_conversation_that_is_over_and_one_that_never_was_are_told_apart() {
    let (mut world, conversation) = serving();
    assert_eq!(answer(&mut world, ANA, Command::Close { conversation }), None);
    for command in [send(conversation, "hello"), Command::Close { conversation }] {
        assert_eq!(answer(&mut world, ANA, command), Some(Rejection::ConversationClosed));
    }
    let home = (ShardId::new(0).unwrap(), LaneId::new(1).unwrap());
    let never = ConversationId::new(home.0, home.1, 1_000_000).unwrap();
    for command in [send(never, "hello"), Command::Close { conversation: never }] {
        assert_eq!(answer(&mut world, ANA, command), Some(Rejection::ConversationNotFound));
    }
}

#[test]
fn what_the_channel_does_not_take_is_refused() {
    let (mut world, conversation) = serving();
    for text in ["", " \n", &"x".repeat(4_097)] {
        let refused = answer(&mut world, ANA, send(conversation, text));
        assert_eq!(refused, Some(Rejection::UnsendableContent));
    }
}

#[test]
fn the_session_window_ends_a_minute_early_and_a_message_opens_it_again() {
    let (mut world, conversation) = serving();
    world.advance(Duration::from_secs(24 * 3_600 - 61));
    assert_eq!(answer(&mut world, ANA, send(conversation, "still")), None);
    world.advance(Duration::from_secs(1));
    let refused = answer(&mut world, ANA, send(conversation, "late"));
    assert_eq!(refused, Some(Rejection::WindowClosed));
    world.write(&address_in(1, 0), "are you there?");
    world.run();
    assert_eq!(answer(&mut world, ANA, send(conversation, "yes")), None);
}

#[test]
fn a_supervisor_of_the_operation_may_close_and_another_agent_may_not() {
    let (mut world, conversation) = serving();
    let refused = answer(&mut world, BEN, Command::Close { conversation });
    assert_eq!(refused, Some(Rejection::NotResponsible));
    assert_eq!(answer(&mut world, SUSAN, Command::Close { conversation }), None);
    let last = world.events().pop().unwrap();
    assert!(matches!(last, Event::Closed { reason: CloseReason::Supervisor, .. }), "{last:?}");
    assert_eq!(world.tenure().core.audit(), Default::default());
}

#[test]
fn a_waiting_conversation_that_is_closed_leaves_the_line() {
    let mut world = World::new();
    let (first, second) = (address_in(0, 0), address_in(0, 1));
    world.write(&first, "hi");
    world.write(&second, "hi");
    world.run();
    let closing = world.open(&first).id;
    world.close(SUSAN, closing);
    world.run();
    world.appear(ANA, Presence::Available);
    world.run();
    assert_eq!(world.open(&second).state, ConversationState::Assigned);
    let assigned = names(&world.events()).into_iter().filter(|name| *name == "assigned").count();
    assert_eq!(assigned, 1);
    assert_eq!(world.tenure().core.audit(), Default::default());
}

#[test]
fn presence_is_of_active_users_of_this_shard() {
    let mut world = World::new();
    let available = Command::SetPresence { presence: Presence::Available };
    let offline = Command::SetPresence { presence: Presence::Offline };
    assert_eq!(answer(&mut world, ANA, available.clone()), None);
    let unknown = answer(&mut world, UserId(404), available.clone());
    assert_eq!(unknown, Some(Rejection::NotAllowed));
    world.entity(Entity::User(model::people::User {
        active: false,
        ..user(BEN, UserKind::Agent, 2)
    }));
    world.run();
    assert_eq!(answer(&mut world, BEN, available), Some(Rejection::NotAllowed));
    assert_eq!(answer(&mut world, BEN, offline), None, "leaving is always lawful");
}

#[test]
fn commands_have_at_most_half_of_a_batch_and_come_first() {
    let mut world = World::new();
    world.run();
    let home = ConversationId::new(ShardId::new(0).unwrap(), LaneId::FIRST, 0).unwrap();
    for _ in 0..300 {
        world.write(&address_in(0, 0), "hi");
        world.close(ANA, home);
    }
    let before = world.records().len();
    world.turn(0);
    let batch: Vec<_> = world.records().split_off(before);
    let (commands, messages) = batch.split_at(LANE_BATCH / 2);
    assert_eq!(messages.len(), LANE_BATCH / 2);
    assert!(commands.iter().all(|record| matches!(record.cause, Cause::Command(_))));
    assert!(messages.iter().all(|record| matches!(record.cause, Cause::Inbound(_))));
}
