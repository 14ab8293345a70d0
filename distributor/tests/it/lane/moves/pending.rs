//! Conversations that are set aside, and how they come back to their agent.

use std::time::Duration;

use model::desk::{Command, Event, Rejection, Target, Why};
use model::id::{ConversationId, UserId};
use model::people::Presence;
use model::service::{Author, Content, ConversationState};

use super::{CARLA, all_is_well, appear, come, desk, obey, refusal, state};
use crate::lane::walk::names;
use crate::lane::world::{ANA, BEN, GROUP, SUSAN, World, address_in};

const ASSIGNED: ConversationState = ConversationState::Assigned;
const PENDING: ConversationState = ConversationState::Pending;
const QUEUED: ConversationState = ConversationState::Queued;

fn pend(conversation: ConversationId) -> Command {
    Command::Pend { conversation }
}

fn resume(conversation: ConversationId) -> Command {
    Command::Resume { conversation }
}

fn send(conversation: ConversationId) -> Command {
    Command::Send { conversation, content: Content::Text("hello".to_owned()) }
}

/// Ana has set one conversation of lane 1 aside, and is full with two others.
fn aside() -> (World, ConversationId, [ConversationId; 2]) {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    assert_eq!(refusal(&mut world, ANA, pend(conversation)), None);
    let others = [come(&mut world, 0, 0), come(&mut world, 0, 1)];
    for other in others {
        assert_eq!(state(&mut world, other), (ASSIGNED, Some(ANA)));
    }
    (world, conversation, others)
}

#[test]
fn a_conversation_set_aside_frees_its_seat_and_keeps_its_agent() {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    let (_, waiting) = (come(&mut world, 0, 0), come(&mut world, 0, 1));
    world.advance(Duration::from_secs(20));
    let record = obey(&mut world, ANA, pend(conversation));
    let by = Author::User(ANA);
    let handled = Duration::from_secs(20);
    assert_eq!(record.events, [Event::Pended { conversation, seq: 4, by, handled }]);
    assert_eq!(state(&mut world, conversation), (PENDING, Some(ANA)));
    assert_eq!(state(&mut world, waiting), (ASSIGNED, Some(ANA)), "who waited has the seat");
    all_is_well(&mut world);
}

#[test]
fn it_comes_back_at_once_while_its_agent_has_a_seat() {
    let mut world = desk();
    appear(&mut world, &[ANA], Presence::Available);
    let conversation = come(&mut world, 1, 0);
    assert_eq!(refusal(&mut world, ANA, pend(conversation)), None);
    let record = obey(&mut world, ANA, resume(conversation));
    let [Event::Assigned(assigned)] = &record.events[..] else { panic!("{record:?}") };
    assert_eq!((assigned.agent, assigned.why, assigned.group), (ANA, Why::CameBack, GROUP));
    assert_eq!(refusal(&mut world, ANA, pend(conversation)), None);
    world.write(&address_in(1, 0), "are you there?");
    world.run();
    let record = world.records().pop().unwrap();
    assert_eq!(names(&record.events), ["received", "assigned"]);
    assert_eq!(state(&mut world, conversation), (ASSIGNED, Some(ANA)));
    all_is_well(&mut world);
}

#[test]
fn it_waits_in_its_agents_own_line_which_comes_before_his_groups() {
    let (mut world, conversation, others) = aside();
    let queued = come(&mut world, 0, 2);
    let record = obey(&mut world, ANA, resume(conversation));
    let [Event::Queued(own)] = &record.events[..] else { panic!("{record:?}") };
    assert_eq!((own.agent, own.group), (Some(ANA), GROUP));
    assert_eq!(state(&mut world, conversation), (QUEUED, Some(ANA)));
    all_is_well(&mut world);
    world.close(ANA, others[0]);
    world.run();
    assert_eq!(state(&mut world, conversation), (ASSIGNED, Some(ANA)));
    assert_eq!(state(&mut world, queued), (QUEUED, None), "though it came first");
    all_is_well(&mut world);
}

#[test]
fn an_own_line_outlives_its_shards_owner() {
    let (mut world, conversation, others) = aside();
    world.write(&address_in(1, 0), "are you there?");
    world.run();
    assert_eq!(state(&mut world, conversation), (QUEUED, Some(ANA)));
    world.crash();
    world.run();
    all_is_well(&mut world);
    world.close(ANA, others[1]);
    world.run();
    assert_eq!(state(&mut world, conversation), (ASSIGNED, Some(ANA)));
    all_is_well(&mut world);
}

#[test]
fn whoever_is_in_a_free_agents_own_line_at_a_restart_is_served() {
    let (mut world, conversation, others) = aside();
    obey(&mut world, ANA, resume(conversation));
    world.close(ANA, others[0]);
    world.turn(0);
    world.crash();
    world.run();
    assert_eq!(state(&mut world, conversation), (ASSIGNED, Some(ANA)));
    all_is_well(&mut world);
}

#[test]
fn a_reply_takes_it_up_where_there_is_a_seat() {
    let (mut world, conversation, others) = aside();
    assert_eq!(refusal(&mut world, ANA, send(conversation)), Some(Rejection::AgentFull));
    assert_eq!(state(&mut world, conversation), (PENDING, Some(ANA)), "as it was");
    obey(&mut world, ANA, resume(conversation));
    assert_eq!(refusal(&mut world, ANA, send(conversation)), Some(Rejection::AgentFull));
    assert_eq!(refusal(&mut world, ANA, pend(conversation)), None, "out of the line again");
    world.close(ANA, others[0]);
    world.run();
    assert_eq!(state(&mut world, conversation), (PENDING, Some(ANA)));
    let record = obey(&mut world, ANA, send(conversation));
    assert_eq!(names(&record.events), ["assigned", "sent"]);
    all_is_well(&mut world);
}

#[test]
fn nobody_else_sets_aside_and_nothing_twice() {
    let (mut world, conversation, others) = aside();
    assert_eq!(refusal(&mut world, ANA, pend(conversation)), Some(Rejection::AlreadyPending));
    assert_eq!(refusal(&mut world, ANA, resume(others[0])), Some(Rejection::NotPending));
    for user in [BEN, SUSAN, UserId(44)] {
        for wish in [pend(others[0]), resume(conversation), send(conversation)] {
            assert_eq!(refusal(&mut world, user, wish), Some(Rejection::NotResponsible));
        }
    }
}

#[test]
fn it_stays_aside_while_its_agent_is_gone() {
    let (mut world, conversation, _) = aside();
    appear(&mut world, &[ANA], Presence::Offline);
    world.write(&address_in(1, 0), "are you there?");
    world.run();
    assert_eq!(names(&world.records().pop().unwrap().events), ["received"]);
    assert_eq!(refusal(&mut world, ANA, resume(conversation)), Some(Rejection::NotAvailable));
    appear(&mut world, &[ANA], Presence::Paused);
    assert_eq!(names(&obey(&mut world, ANA, resume(conversation)).events), ["queued"]);
    all_is_well(&mut world);
}

#[test]
fn it_is_given_on_and_ended_from_where_it_is() {
    let (mut world, conversation, _) = aside();
    appear(&mut world, &[CARLA], Presence::Available);
    let give = |to| Command::Transfer { conversation, to: Target::Agent(to), note: String::new() };
    obey(&mut world, ANA, resume(conversation));
    let record = obey(&mut world, ANA, give(CARLA));
    assert_eq!(names(&record.events), ["moved", "assigned"]);
    assert_eq!(state(&mut world, conversation), (ASSIGNED, Some(CARLA)));
    for _ in 0..2 {
        all_is_well(&mut world);
        assert_eq!(refusal(&mut world, CARLA, pend(conversation)), None);
        all_is_well(&mut world);
        obey(&mut world, CARLA, resume(conversation));
    }
    assert_eq!(refusal(&mut world, CARLA, pend(conversation)), None);
    world.close(CARLA, conversation);
    world.run();
    let Event::Closed { handled, .. } = world.events().pop().unwrap() else { unreachable!() };
    assert_eq!(handled, Duration::ZERO, "its seat was given back before");
    all_is_well(&mut world);
}
