//! A customer, or nobody at all, says nothing for too long.

use model::desk::{Cause, Event, Timer};
use model::people::{GroupRules, Inactivity, Presence, Silence, Warning};
use model::service::{Author, CloseReason, Content};

use crate::lane::world::{ANA, World, address_in};

use super::{HOUR, MINUTE, an_hour};

fn running(silence: Silence) -> GroupRules {
    GroupRules { running: Some(an_hour(silence)), ..GroupRules::default() }
}

fn warnings(world: &World) -> usize {
    world.saying(|event| matches!(event, Event::Warned { .. })).len()
}

#[test]
fn a_silent_customer_is_warned_once_and_then_his_conversation_ends() {
    let mut world = World::ruled(running(Silence::Customer));
    let open = world.talk(1, 0);
    world.pass(45 * MINUTE - MINUTE / 60);
    assert_eq!(warnings(&world), 0);
    world.pass(MINUTE);
    let [warned] = &world.saying(|event| matches!(event, Event::Warned { .. }))[..] else {
        panic!("one warning")
    };
    assert_eq!(warned.cause, Cause::Timer(Timer::Warning(open.id)));
    let [Event::MessageSent { author, content, .. }, Event::Warned { until, .. }] =
        &warned.events[..]
    else {
        panic!("{warned:?}")
    };
    assert_eq!((author, *until), (&Author::System, warned.at + HOUR / 4));
    assert!(*until >= open.customer_lane_at + HOUR);
    assert_eq!(content, &Content::Text("Are you still there?".to_owned()));
    world.pass(13 * MINUTE);
    assert_eq!((warnings(&world), world.ends()), (1, vec![]));
    world.pass(2 * MINUTE);
    assert_eq!((warnings(&world), world.ends()), (1, vec![CloseReason::CustomerSilent]));
    assert_eq!(world.tenure().core.audit(), Default::default());
    assert_eq!(world.tenure().workers[1].lane().load(), (0, 0));
}

#[test]
fn a_word_of_the_customer_begins_the_silence_anew() {
    let mut world = World::ruled(running(Silence::Customer));
    world.talk(0, 0);
    world.pass(50 * MINUTE);
    world.write(&address_in(0, 0), "I am");
    world.pass(40 * MINUTE);
    assert_eq!((warnings(&world), world.ends().len()), (1, 0));
    world.pass(10 * MINUTE);
    assert_eq!((warnings(&world), world.ends().len()), (2, 0), "a silence of its own");
    world.pass(11 * MINUTE);
    assert_eq!(world.ends().len(), 1);
}

#[test]
fn the_agents_word_counts_where_the_silence_of_both_ends_it() {
    for (silence, ends) in [(Silence::Customer, 1), (Silence::Both, 0)] {
        let mut world = World::ruled(running(silence));
        let open = world.talk(0, 0);
        world.pass(50 * MINUTE);
        world.say(ANA, open.id, "one moment");
        world.pass(20 * MINUTE);
        assert_eq!((warnings(&world), world.ends().len()), (1, ends), "{silence:?}");
        world.pass(41 * MINUTE);
        let (reason, given) = match silence {
            Silence::Customer => (CloseReason::CustomerSilent, 1),
            Silence::Both => (CloseReason::BothSilent, 2),
        };
        assert_eq!((warnings(&world), world.ends()), (given, vec![reason]));
    }
}

#[test]
fn a_word_after_the_warning_begins_a_silence_with_a_warning_of_its_own() {
    let mut world = World::ruled(running(Silence::Both));
    let open = world.talk(0, 0);
    world.rule(3, GroupRules { running: Some(brief()), ..GroupRules::default() });
    world.pass(2 * MINUTE);
    assert_eq!(warnings(&world), 1, "a tenth of ten minutes");
    world.say(ANA, open.id, "one moment");
    world.pass(MINUTE / 2);
    assert_eq!(warnings(&world), 1);
    world.pass(MINUTE);
    assert_eq!((warnings(&world), world.ends()), (2, vec![]), "long before the first would end");
}

fn brief() -> Inactivity {
    let inactivity = an_hour(Silence::Both);
    let warning = inactivity.warning.map(|warning| Warning { percent: 10, ..warning });
    Inactivity { limit: 10 * MINUTE, warning, ..inactivity }
}

#[test]
fn the_queue_has_a_limit_of_its_own_and_nobody_was_silent_before_his_agent_came() {
    let queued = Inactivity { limit: 3 * HOUR, warning: None, silence: Silence::Customer };
    let rules = GroupRules { queued: Some(queued), ..running(Silence::Customer) };
    let mut world = World::ruled(rules);
    world.write(&address_in(1, 0), "hi");
    world.run();
    world.pass(2 * HOUR);
    assert_eq!((warnings(&world), world.ends()), (0, vec![]));
    world.talk(0, 1);
    world.write(&address_in(0, 2), "hi");
    world.pass(44 * MINUTE);
    assert_eq!((warnings(&world), world.ends()), (0, vec![]), "two with her, one waits");
    world.pass(17 * MINUTE);
    assert_eq!(world.ends().len(), 2, "he waits no more: a seat was free");
    assert_eq!(world.open(&address_in(0, 2)).agent, Some(ANA));
    world.appear(ANA, Presence::Paused);
    world.run();
    let third = world.open(&address_in(0, 2)).id;
    world.close(ANA, third);
    world.write(&address_in(0, 3), "hi");
    world.pass(3 * HOUR - MINUTE);
    assert_eq!(world.ends().len(), 3);
    world.pass(2 * MINUTE);
    assert_eq!(world.ends().last(), Some(&CloseReason::CustomerSilent), "three hours of waiting");
}

#[test]
fn an_outage_ends_no_conversation_whose_customer_has_answered_meanwhile() {
    let rules = GroupRules {
        running: Some(Inactivity { warning: None, ..an_hour(Silence::Customer) }),
        ..GroupRules::default()
    };
    let mut world = World::ruled(rules);
    world.talk(0, 0);
    world.talk(0, 1);
    world.tenure = None;
    world.advance(55 * MINUTE);
    // More than a lane takes in one turn stands before his answer.
    for n in 0..600 {
        world.write(&address_in(0, 2 + n % 10), "hello?");
    }
    world.write(&address_in(0, 0), "I am still here");
    world.advance(3 * HOUR);
    world.begin();
    while world.open(&address_in(0, 0)).last_seq == 3 {
        assert_eq!(world.ends(), [], "nothing is known yet of that hour");
        world.turn(0);
    }
    let written = world.open(&address_in(0, 0)).customer_lane_at;
    world.run();
    let ends = world.saying(|event| matches!(event, Event::Closed { .. }));
    let ended_at = |n: usize| {
        let id = ends.iter().find_map(|record| match (record.cause, n) {
            (Cause::Timer(Timer::Silence(id)), n) if id.counter() == n as u64 => Some(record.at),
            _ => None,
        });
        id.unwrap()
    };
    assert!(ended_at(0) >= written + HOUR, "he had his hour from his answer");
    assert!(ended_at(1) <= ended_at(0));
}

#[test]
fn whoever_was_not_warned_in_time_is_warned_before_it_ends() {
    let mut world = World::ruled(running(Silence::Customer));
    world.talk(0, 0);
    world.tenure = None;
    world.advance(5 * HOUR);
    world.begin();
    world.run();
    assert_eq!((warnings(&world), world.ends()), (1, vec![]), "the outage was not his silence");
    world.pass(14 * MINUTE);
    assert_eq!(world.ends(), []);
    world.crash();
    world.pass(2 * MINUTE);
    assert_eq!((warnings(&world), world.ends().len()), (1, 1), "the warning is in the log");
}

#[test]
fn a_text_that_may_not_be_sent_is_no_warning() {
    let late = Inactivity { limit: 30 * HOUR, ..an_hour(Silence::Customer) };
    let warning = late.warning.clone().map(|warning| Warning { percent: 90, ..warning });
    let running = Some(Inactivity { warning, ..late });
    let mut world = World::ruled(GroupRules { running, ..GroupRules::default() });
    world.talk(0, 0);
    world.advance(28 * HOUR);
    world.run();
    assert_eq!((warnings(&world), world.ends()), (0, vec![]), "the session's window is closed");
    world.advance(3 * HOUR);
    world.run();
    assert_eq!((warnings(&world), world.ends().len()), (0, 1));
}

#[test]
fn new_settings_are_in_force_for_the_conversations_there_are() {
    let mut world = World::new();
    for n in 0..2 {
        world.talk(n, 0);
    }
    world.appear(ANA, Presence::Paused);
    world.pass(2 * HOUR);
    assert_eq!(world.ends(), []);
    world.rule(2, running(Silence::Customer));
    assert_eq!(warnings(&world), 2, "their hour is over");
    world.rule(3, GroupRules::default());
    world.pass(2 * HOUR);
    assert_eq!(world.ends(), [], "and nobody asks any more");
}
