//! An agent gives a conversation on.

use std::sync::Arc;
use std::time::Duration;

use model::desk::{Command, Entity, Event, MoveKind, Rejection, Target, Why};
use model::id::{ConversationId, GroupId, UserId};
use model::limit;
use model::people::{GroupRules, Membership, Presence, User, UserKind};
use model::service::{Author, ConversationState};
use parking_lot::Mutex;

use super::{CARLA, FAR, SERVICE, all_is_well, appear, come, desk, obey, refusal, rule, state};
use crate::lane::walk::names;
use crate::lane::world::{ANA, BEN, GROUP, SUSAN, World, user};

fn to(conversation: ConversationId, to: Target) -> Command {
    Command::Transfer { conversation, to, note: "she asked for you".to_owned() }
}

/// Ana has a conversation of lane 1.
fn serving() -> (World, ConversationId) {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(ANA)));
    (world, conversation)
}

#[test]
fn a_transfer_to_an_agent_holds_his_seat_and_frees_the_old_one() {
    let (mut world, conversation) = serving();
    come(&mut world, 0, 0);
    let waiting = come(&mut world, 0, 1);
    appear(&mut world, &[CARLA], Presence::Available);
    world.advance(Duration::from_secs(40));
    let record = obey(&mut world, ANA, to(conversation, Target::Agent(CARLA)));
    let [Event::Moved(moved), Event::Assigned(assigned)] = &record.events[..] else {
        panic!("{record:?}")
    };
    assert_eq!((moved.kind, moved.by), (MoveKind::Transfer, Author::User(ANA)));
    assert_eq!((moved.note.as_str(), moved.handled.as_secs()), ("she asked for you", 40));
    assert_eq!((assigned.agent, assigned.group), (CARLA, SERVICE));
    assert_eq!((assigned.why, assigned.seq), (Why::Transferred, moved.seq + 1));
    assert_eq!(state(&mut world, waiting), (ConversationState::Assigned, Some(ANA)));
    assert_eq!(world.refold().scores[&CARLA].count, 1);
    all_is_well(&mut world);
}

#[test]
fn the_old_seat_is_freed_only_after_the_record_was_handed_over() {
    let (mut world, conversation) = serving();
    come(&mut world, 0, 0);
    come(&mut world, 0, 1);
    appear(&mut world, &[CARLA], Presence::Available);
    let core = world.tenure().core.clone();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    world.log.watch_appends(move || noted.lock().push(core.waiting(GROUP)));
    world.wish(ANA, to(conversation, Target::Agent(CARLA)));
    world.turn(1);
    assert_eq!(*seen.lock(), [1], "who waits for Ana's seat waited still");
    world.run();
    assert_eq!(world.tenure().core.waiting(GROUP), 0);
}

#[test]
fn an_agent_without_a_free_seat_takes_none() {
    let (mut world, conversation) = serving();
    let wish = to(conversation, Target::Agent(BEN));
    assert_eq!(refusal(&mut world, ANA, wish.clone()), Some(Rejection::NotAvailable));
    appear(&mut world, &[BEN], Presence::Paused);
    assert_eq!(refusal(&mut world, ANA, wish.clone()), Some(Rejection::NotAvailable));
    rule(&mut world, (GROUP, 2), true, GroupRules { transfer_to_paused: true, ..rules() });
    assert_eq!(refusal(&mut world, ANA, wish.clone()), None, "his group lets him be");
    assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(BEN)));
    let other = come(&mut world, 0, 0);
    assert_eq!(refusal(&mut world, ANA, to(other, Target::Agent(BEN))), None);
    let third = come(&mut world, 0, 1);
    let full = to(third, Target::Agent(BEN));
    assert_eq!(refusal(&mut world, ANA, full), Some(Rejection::AgentFull));
    assert_eq!(state(&mut world, third), (ConversationState::Assigned, Some(ANA)));
    all_is_well(&mut world);
}

#[test]
fn a_transfer_to_a_group_finds_its_agent_or_waits_there() {
    let (mut world, conversation) = serving();
    let record = obey(&mut world, ANA, to(conversation, Target::Group(SERVICE)));
    assert_eq!(names(&record.events), ["moved", "queued"]);
    assert_eq!(state(&mut world, conversation), (ConversationState::Queued, None));
    all_is_well(&mut world);
    appear(&mut world, &[CARLA], Presence::Available);
    assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(CARLA)));
    let record = obey(&mut world, CARLA, to(conversation, Target::Group(GROUP)));
    assert_eq!(names(&record.events), ["moved", "assigned"]);
    let Event::Assigned(assigned) = &record.events[1] else { unreachable!() };
    assert!(matches!(assigned.why, Why::Policy { .. }));
    assert_eq!((assigned.agent, assigned.group), (ANA, GROUP));
    all_is_well(&mut world);
}

#[test]
fn a_conversation_goes_only_where_its_group_lets_it() {
    let (mut world, conversation) = serving();
    appear(&mut world, &[BEN, CARLA], Presence::Available);
    let not_there =
        [Target::Group(FAR), Target::Group(GroupId(44)), Target::Agent(UserId(44)), ana()];
    for target in not_there {
        let refused = refusal(&mut world, ANA, to(conversation, target));
        assert_eq!(refused, Some(Rejection::TransferNotAllowed), "{target:?}");
    }
    rule(&mut world, (GROUP, 2), true, GroupRules { transfer_to: Some(vec![]), ..rules() });
    for target in [Target::Group(SERVICE), Target::Agent(CARLA)] {
        let refused = refusal(&mut world, ANA, to(conversation, target));
        assert_eq!(refused, Some(Rejection::TransferNotAllowed), "{target:?}");
    }
    rule(&mut world, (GROUP, 3), true, rules());
    rule(&mut world, (SERVICE, 2), true, GroupRules { takes_transfers: false, ..rules() });
    let refused = refusal(&mut world, ANA, to(conversation, Target::Group(SERVICE)));
    assert_eq!(refused, Some(Rejection::TransferNotAllowed));
    rule(&mut world, (SERVICE, 3), false, rules());
    let refused = refusal(&mut world, ANA, to(conversation, Target::Agent(CARLA)));
    assert_eq!(refused, Some(Rejection::TransferNotAllowed));
    assert_eq!(refusal(&mut world, ANA, to(conversation, Target::Agent(BEN))), None, "its own");
}

#[test]
fn an_agent_gets_transfers_only_through_groups_he_receives_from() {
    let (mut world, conversation) = serving();
    let deaf = vec![Membership { group: GROUP, receives: false }];
    world.entity(Entity::User(User { groups: deaf, ..user(BEN, UserKind::Agent, 2) }));
    appear(&mut world, &[BEN], Presence::Available);
    let refused = refusal(&mut world, ANA, to(conversation, Target::Agent(BEN)));
    assert_eq!(refused, Some(Rejection::TransferNotAllowed));
}

#[test]
fn only_the_responsible_agent_transfers_and_says_why_where_he_must() {
    let (mut world, conversation) = serving();
    appear(&mut world, &[BEN], Presence::Available);
    let target = Target::Agent(BEN);
    for user in [BEN, SUSAN, UserId(44)] {
        let refused = refusal(&mut world, user, to(conversation, target));
        assert_eq!(refused, Some(Rejection::NotResponsible));
    }
    rule(&mut world, (GROUP, 2), true, GroupRules { note_required: true, ..rules() });
    let noted = |note: String| Command::Transfer { conversation, to: target, note };
    let silent = refusal(&mut world, ANA, noted(" ".to_owned()));
    assert_eq!(silent, Some(Rejection::NoteRequired));
    let long = refusal(&mut world, ANA, noted("x".repeat(limit::NOTE_BYTES + 1)));
    assert_eq!(long, Some(Rejection::UnsendableContent));
    assert_eq!(refusal(&mut world, ANA, noted("x".repeat(limit::NOTE_BYTES))), None);
}

fn ana() -> Target {
    Target::Agent(ANA)
}

fn rules() -> GroupRules {
    GroupRules::default()
}
