//! A supervisor gives a conversation to somebody, wherever it was.

use model::desk::{Command, Event, MoveKind, Rejection, Target, Why};
use model::id::{ConversationId, UserId};
use model::people::{GroupRules, Presence};
use model::service::{Author, ConversationState};

use super::{CARLA, FAR, SERVICE, all_is_well, appear, come, desk, obey, refusal, rule, state};
use crate::lane::walk::names;
use crate::lane::world::{ANA, BEN, GROUP, SUSAN};

fn to(conversation: ConversationId, to: Target) -> Command {
    Command::Reassign { conversation, to, note: String::new() }
}

#[test]
fn a_waiting_conversation_is_given_to_an_agent() {
    let mut world = desk();
    let conversation = come(&mut world, 1, 0);
    appear(&mut world, &[CARLA], Presence::Available);
    let record = obey(&mut world, SUSAN, to(conversation, Target::Agent(CARLA)));
    let [Event::Moved(moved), Event::Assigned(assigned)] = &record.events[..] else {
        panic!("{record:?}")
    };
    assert_eq!((moved.kind, moved.by), (MoveKind::Reassign, Author::User(SUSAN)));
    assert_eq!((assigned.agent, assigned.why), (CARLA, Why::Reassigned));
    assert_eq!(assigned.group, SERVICE);
    all_is_well(&mut world);
}

#[test]
fn it_goes_to_another_group_from_the_queue_and_from_an_agent() {
    let mut world = desk();
    let waiting = come(&mut world, 1, 0);
    let record = obey(&mut world, SUSAN, to(waiting, Target::Group(SERVICE)));
    assert_eq!(names(&record.events), ["moved", "queued"]);
    all_is_well(&mut world);
    appear(&mut world, &[CARLA], Presence::Available);
    assert_eq!(state(&mut world, waiting), (ConversationState::Assigned, Some(CARLA)));
    let record = obey(&mut world, SUSAN, to(waiting, Target::Group(GROUP)));
    assert_eq!(names(&record.events), ["moved", "queued"]);
    all_is_well(&mut world);
}

#[test]
fn a_list_of_groups_binds_agents_and_not_supervisors() {
    let mut world = desk();
    let none = GroupRules { transfer_to: Some(Vec::new()), ..GroupRules::default() };
    rule(&mut world, (GROUP, 2), true, none);
    let conversation = come(&mut world, 1, 0);
    assert_eq!(refusal(&mut world, SUSAN, to(conversation, Target::Group(SERVICE))), None);
    let far = refusal(&mut world, SUSAN, to(conversation, Target::Group(FAR)));
    assert_eq!(far, Some(Rejection::TransferNotAllowed));
}

#[test]
fn only_a_supervisor_reassigns_and_only_to_a_free_seat() {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    let wish = to(conversation, Target::Agent(BEN));
    for user in [ANA, BEN, UserId(44)] {
        assert_eq!(refusal(&mut world, user, wish.clone()), Some(Rejection::NotAllowed));
    }
    assert_eq!(refusal(&mut world, SUSAN, wish.clone()), Some(Rejection::NotAvailable));
    appear(&mut world, &[BEN], Presence::Paused);
    assert_eq!(refusal(&mut world, SUSAN, wish), Some(Rejection::NotAvailable));
    let same = refusal(&mut world, SUSAN, to(conversation, Target::Agent(ANA)));
    assert_eq!(same, Some(Rejection::TransferNotAllowed), "she has it");
    assert_eq!(state(&mut world, conversation), (ConversationState::Assigned, Some(ANA)));
}
