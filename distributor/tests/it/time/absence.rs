//! An agent is gone: his conversations wait for him, and then go on without him.

use std::time::Duration;

use model::desk::{Cause, Event, Sweep};
use model::id::UserId;
use model::people::{Cap, GroupRules, OnAbsence, Presence, UserKind};
use model::service::{CloseReason, ConversationState};

use crate::lane::world::{ANA, BEN, World, address_in, user};

use super::MINUTE;

fn rules(on_absence: OnAbsence) -> GroupRules {
    GroupRules { on_absence, grace: 2 * MINUTE, ..GroupRules::default() }
}

fn moves(world: &World) -> Vec<Cause> {
    let moved = world.saying(|event| matches!(event, Event::Moved(_)));
    moved.into_iter().map(|record| record.cause).collect()
}

#[test]
fn after_the_grace_the_conversations_of_an_absent_agent_go_on_without_him() {
    let mut world = World::ruled(rules(OnAbsence::Redirect));
    let first = world.talk(0, 0);
    let second = world.talk(1, 0);
    world.appear(BEN, Presence::Available);
    world.appear(ANA, Presence::Offline);
    world.pass(2 * MINUTE - MINUTE / 60);
    assert_eq!(moves(&world), [], "they wait for her");
    world.pass(MINUTE / 60);
    let cause = |conversation| Cause::Sweep(Sweep::Absence { user: ANA, conversation });
    assert_eq!(moves(&world), [cause(first.id), cause(second.id)]);
    for lane in 0..2 {
        assert_eq!(world.open(&address_in(lane, 0)).agent, Some(BEN));
    }
    assert_eq!(world.tenure().core.audit(), Default::default());
}

#[test]
fn who_comes_back_in_time_finds_his_conversations() {
    let mut world = World::ruled(rules(OnAbsence::Redirect));
    world.talk(1, 0);
    world.appear(BEN, Presence::Available);
    for _ in 0..3 {
        world.appear(ANA, Presence::Offline);
        world.pass(MINUTE);
        world.appear(ANA, Presence::Paused);
        world.pass(2 * MINUTE);
    }
    world.appear(ANA, Presence::Offline);
    world.pass(MINUTE);
    world.appear(ANA, Presence::Offline);
    world.pass(MINUTE / 2);
    assert_eq!((moves(&world), world.open(&address_in(1, 0)).agent), (vec![], Some(ANA)));
    world.pass(MINUTE / 2);
    assert_eq!(moves(&world).len(), 1, "to leave again is no new grace");
}

#[test]
fn a_redirected_conversation_keeps_its_place_and_is_nobodys_until_somebody_is_free() {
    let mut world = World::ruled(rules(OnAbsence::Redirect));
    world.talk(0, 0);
    world.talk(1, 0);
    for n in 1..3 {
        world.write(&address_in(0, n), "hi");
    }
    world.appear(ANA, Presence::Offline);
    world.pass(3 * MINUTE);
    let keys = [(0, 0), (1, 0), (0, 1), (0, 2)].map(|(lane, n)| {
        let open = world.open(&address_in(lane, n));
        assert_eq!((open.state, open.agent), (ConversationState::Queued, None));
        open.queue_key
    });
    assert!(keys.is_sorted(), "{keys:?}");
    world.appear(BEN, Presence::Available);
    world.run();
    assert_eq!(world.open(&address_in(0, 0)).agent, Some(BEN), "the oldest");
    assert_eq!(world.open(&address_in(0, 2)).agent, None);
    assert_eq!(world.tenure().core.audit(), Default::default());
}

#[test]
fn a_group_may_keep_or_end_them() {
    for (on_absence, ends) in
        [(OnAbsence::Keep, vec![]), (OnAbsence::Close, vec![CloseReason::Absence])]
    {
        let mut world = World::ruled(rules(on_absence));
        world.talk(1, 0);
        world.appear(ANA, Presence::Offline);
        world.pass(5 * MINUTE);
        assert_eq!((world.ends(), moves(&world)), (ends, vec![]), "{on_absence:?}");
        assert_eq!(world.tenure().core.audit(), Default::default());
    }
}

#[test]
fn a_group_that_redirects_from_now_on_redirects_what_was_kept() {
    let mut world = World::ruled(rules(OnAbsence::Keep));
    world.talk(1, 0);
    world.appear(ANA, Presence::Offline);
    world.pass(5 * MINUTE);
    world.rule(3, rules(OnAbsence::Redirect));
    assert_eq!(world.open(&address_in(1, 0)).state, ConversationState::Queued);
}

#[test]
fn the_grace_outlives_the_owner_and_the_next_one_sweeps() {
    let mut world = World::ruled(rules(OnAbsence::Redirect));
    world.talk(0, 0);
    world.talk(1, 0);
    world.appear(ANA, Presence::Offline);
    world.pass(MINUTE);
    world.crash();
    world.run();
    assert_eq!(moves(&world), [], "a minute is left");
    world.tenure = None;
    world.advance(2 * MINUTE);
    world.begin();
    world.run();
    assert_eq!(moves(&world).len(), 2);
    world.crash();
    world.run();
    assert_eq!(moves(&world).len(), 2, "and that was it");
}

#[test]
fn a_sweep_goes_in_steps_and_inputs_are_taken_between_them() {
    let pending_after = Some(Duration::from_secs(1));
    let mut world = World::ruled(GroupRules { pending_after, ..rules(OnAbsence::Redirect) });
    let busy = model::people::User { cap: Cap::new(80).unwrap(), ..user(ANA, UserKind::Agent, 2) };
    world.entity(model::desk::Entity::User(busy));
    world.appear(ANA, Presence::Available);
    for n in 0..400 {
        world.write(&address_in(0, n), "hi");
        if n % 50 == 49 {
            world.run();
            world.pass(Duration::from_secs(5));
        }
    }
    world.appear(ANA, Presence::Offline);
    world.pass(MINUTE);
    assert_eq!(moves(&world), []);
    world.advance(2 * MINUTE);
    while moves(&world).is_empty() {
        world.turn(0);
    }
    assert!(moves(&world).len() <= 256, "no more than a step in one turn");
    let id = world.write(&address_in(0, 0), "still there?");
    world.turn(0);
    let heard = world.saying(
        |event| matches!(event, Event::MessageReceived { provider_id, .. } if *provider_id == id),
    );
    assert_eq!(heard.len(), 1, "he is not kept waiting for the sweep");
    world.run();
    let mut swept = moves(&world);
    swept.dedup();
    assert_eq!(swept.len(), 400, "each once");
    assert!(swept.is_sorted());
}

#[test]
fn f21_a_socket_that_flaps_moves_no_conversation() {
    let mut world = World::ruled(rules(OnAbsence::Redirect));
    world.talk(0, 0);
    world.talk(1, 0);
    world.appear(BEN, Presence::Available);
    let agents: [UserId; 1] = [ANA];
    for n in 0..1_200 {
        let presence = if n % 2 == 0 { Presence::Offline } else { Presence::Available };
        agents.into_iter().for_each(|agent| world.appear(agent, presence));
        world.advance(Duration::from_millis(100));
        world.run();
    }
    assert_eq!((moves(&world), world.ends()), (vec![], vec![]));
    for lane in 0..2 {
        assert_eq!(world.open(&address_in(lane, 0)).agent, Some(ANA), "two minutes of it");
    }
    assert_eq!(world.tenure().core.audit(), Default::default());
}
